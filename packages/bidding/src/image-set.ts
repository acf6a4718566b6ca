/** Identifies sets of golden images by a digest: plants with equal sets have equal digests, whoever made the images. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { CompatibilityRecord, ImageFacts as WireFacts } from '@vmgrid/protocol';
import type { ImageFacts, KnownImage, RanAction } from './known-image.ts';

export type ImageSet = ReadonlyMap<string, KnownImage>;

/** Digests of images. Each is computed once, because images never change. */
export class ImageDigests {
  readonly #known = new WeakMap<KnownImage, string>();

  /** Returns SHA-256 over the digests of the images, in the order of their ids. */
  ofSet(images: ImageSet): string {
    const ids = [...images.keys()].sort();
    return digest(ids.map((id) => this.#ofImage(images.get(id)!)).join('\n'));
  }

  #ofImage(image: KnownImage): string {
    const known = this.#known.get(image) ?? digest(JSON.stringify(factsOf(image.manifest)));
    this.#known.set(image, known);
    return known;
  }
}

/** Returns the facts of an image only, with the fields in a fixed order. */
export function factsOf(image: ImageFacts): WireFacts {
  const { id, machine, line, diskFormat, createdAt, history, memory, boot, compatibility } = image;
  const { arch, os, memoryMiB, cpus, diskMiB } = machine;
  return {
    id,
    machine: { arch, os, memoryMiB, cpus, diskMiB },
    line,
    diskFormat,
    createdAt,
    history: history.map(wireEntry),
    ...(memory === undefined ? {} : { memory: {} }),
    boot: { layouts: [...boot.layouts] },
    ...(compatibility === undefined ? {} : { compatibility: compatibilityOf(compatibility) }),
  };
}

const wireEntry = ({ digest, id, ranAt, survivesBoot }: RanAction): WireFacts['history'][number] => ({
  ...{ digest, id },
  ...(ranAt === undefined ? {} : { ranAt }),
  ...(survivesBoot === undefined ? {} : { survivesBoot }),
});

function compatibilityOf({
  vmm,
  vmmVersion,
  accelerator,
  machineType,
  cpuModel,
  layout,
}: CompatibilityRecord): CompatibilityRecord {
  return { vmm, vmmVersion, accelerator, machineType, cpuModel, layout };
}

const digest = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)));
