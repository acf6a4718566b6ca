/** Decides the id of an archived image in a warehouse, and the images below it there. Pure. */
import { imageIdOf } from '../images/image-id.ts';
import type { GoldenImage, Manifest } from '../images/manifest.ts';
import type { ManifestDraft } from '../making/assemble.ts';

export interface Place {
  readonly draft: ManifestDraft;
  /** The same image in the warehouse, if it is there. */
  readonly there: GoldenImage | undefined;
}

export interface Arriving {
  readonly archived: Manifest;
  /** Why the image comes without its memory; undefined when it has all it had. */
  readonly diskOnly: string | undefined;
}

const SUFFIX_DIGITS = 12;
const ID_CHARS = 96;

/**
 * The id of an image says what it is, not which bytes it has: two builds of one base differ, and an image that stands
 * on one of them must not stand on the other. So a build that differs from the warehouse's is placed beside it, under
 * its own id. `below` has, for each id in the archive, the ids of the images that are already placed.
 */
export function placeImage(
  { archived, diskOnly }: Arriving,
  below: ReadonlyMap<string, string>,
  images: ReadonlyMap<string, GoldenImage>,
): Place {
  const draft = draftOf(archived, diskOnly !== undefined, below);
  const known = images.get(draft.id);
  if (!known) return { draft, there: undefined };
  if (isSameBuild(known.manifest, draft, archived)) return { draft, there: known };
  const id = ownId(draft.id, digestOf(archived, archived.disk));
  const isBase = archived.base === archived.id;
  return { draft: { ...draft, id, ...(isBase ? { base: id } : {}) }, there: images.get(id) };
}

function draftOf(archived: Manifest, diskOnly: boolean, below: ReadonlyMap<string, string>): ManifestDraft {
  const { version: _, files: __, memory, compatibility, ...rest } = archived;
  const idHere = (id: string) => below.get(id) ?? id;
  const suspended = memory && !diskOnly ? { memory, ...(compatibility ? { compatibility } : {}) } : {};
  const draft = {
    ...rest,
    ...suspended,
    base: idHere(archived.base),
    ...(archived.parent === undefined ? {} : { parent: idHere(archived.parent) }),
  };
  return draft.base === archived.base && !diskOnly ? draft : { ...draft, id: imageIdOf(draft) };
}

/**
 * The memory of suspended images decides: no two runs leave the same. The disk is not compared, because it names its
 * parent and may have been rewritten for that.
 */
function isSameBuild(known: Manifest, draft: ManifestDraft, archived: Manifest): boolean {
  if (known.parent !== draft.parent || known.base !== draft.base) return false;
  const file = known.memory && draft.memory ? draft.memory.memory : archived.disk;
  return digestOf(known, file) === digestOf(archived, file);
}

const digestOf = ({ files }: Manifest, name: string): string | undefined =>
  files.find(({ file }) => file === name)?.sha256;

const ownId = (id: string, digest = ''): string =>
  `${id.slice(0, ID_CHARS - SUFFIX_DIGITS - 1)}-${digest.slice(0, SUFFIX_DIGITS)}`;
