/**
 * Pins and tags, in `labels.json` beside the images, which never change. The file is small and replaced at once, so a
 * tag that moves from one image to another is on exactly one of them at any time. It is written only under the
 * warehouse's lock.
 */
import { readFileIfAny, writeFileAtomically } from '@vmgrid/daemon';
import { GridError, ImageId, ImageTag, type LabelImageRequest, validate } from '@vmgrid/protocol';
import { type Static, Type } from 'typebox';

const LabelFile = Type.Object(
  { pins: Type.Array(ImageId), tags: Type.Record(ImageTag, ImageId) },
  { additionalProperties: false },
);
export type LabelSet = Static<typeof LabelFile>;

export class Labels {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** @throws GridError IMAGE_CORRUPT when the file does not have the form that this class writes */
  async read(): Promise<LabelSet> {
    const text = await readFileIfAny(this.#file);
    if (text === undefined) return { pins: [], tags: {} };
    try {
      return validate(LabelFile, JSON.parse(text), { code: 'IMAGE_CORRUPT', subject: 'labels.json' });
    } catch (cause) {
      throw new GridError('IMAGE_CORRUPT', `${this.#file} is broken`, { file: this.#file }, { cause });
    }
  }

  async write(labels: LabelSet): Promise<void> {
    await writeFileAtomically(this.#file, `${JSON.stringify(labels, null, 2)}\n`, 0o644);
  }

  /** Forgets an image that was removed. */
  async forget(imageId: string): Promise<void> {
    const before = await this.read();
    const after = keepOnly(before, (id) => id !== imageId);
    if (after !== before) await this.write(after);
  }
}

/** Returns the tags of an image, sorted. */
export const tagsOf = ({ tags }: LabelSet, imageId: string): string[] =>
  Object.keys(tags)
    .filter((tag) => tags[tag] === imageId)
    .sort();

/** Returns the labels of the images that pass; the same object when all do. */
export function keepOnly(labels: LabelSet, passes: (imageId: string) => boolean): LabelSet {
  const stale = [...labels.pins, ...Object.values(labels.tags)].some((id) => !passes(id));
  if (!stale) return labels;
  return {
    pins: labels.pins.filter(passes),
    tags: Object.fromEntries(Object.entries(labels.tags).filter(([, id]) => passes(id))),
  };
}

/**
 * Returns the labels after a change to one image. A tag of another image moves; a dropped tag must belong to this
 * image.
 */
export function relabel(before: LabelSet, imageId: string, { pinned, addTags, dropTags }: LabelImageRequest): LabelSet {
  const others = before.pins.filter((id) => id !== imageId);
  const stays = pinned ?? before.pins.includes(imageId);
  const dropped = new Set(dropTags);
  const tags = Object.fromEntries(
    Object.entries(before.tags).filter(([tag, id]) => id !== imageId || !dropped.has(tag)),
  );
  for (const tag of addTags ?? []) tags[tag] = imageId;
  return { pins: stays ? [...others, imageId] : others, tags };
}
