/** The first entry of an archive: `archive.json`. The images follow it, each after those below it. */
import { ImageId, validate } from '@vmgrid/protocol';
import { type Static, Type } from 'typebox';
import type { GoldenImage } from '../images/manifest.ts';
import { ARCHIVE_LIMITS } from './limits.ts';

export const CONTENTS_NAME = 'archive.json';
export const CONTENTS_MAX_BYTES = 64 * 1024;

/** Returns the name of the entry for an image's file. */
export const entryName = (imageId: string, file: string): string => `${imageId}/${file}`;

const ArchiveContents = Type.Object(
  {
    format: Type.Literal('vmgrid-image'),
    version: Type.Literal(1),
    /** The exported image: the last one of `images`. */
    imageId: ImageId,
    images: Type.Array(ImageId, { minItems: 1, maxItems: ARCHIVE_LIMITS.images, uniqueItems: true }),
  },
  { additionalProperties: false },
);
export type ArchiveContents = Static<typeof ArchiveContents>;

/** @throws GridError ARCHIVE_INVALID */
export const validateContents = (value: unknown): ArchiveContents =>
  validate(ArchiveContents, value, { code: 'ARCHIVE_INVALID', subject: CONTENTS_NAME });

/** `below`: the nearest image first. */
export const contentsOf = (image: GoldenImage, below: readonly GoldenImage[]): ArchiveContents => ({
  format: 'vmgrid-image',
  version: 1,
  imageId: image.manifest.id,
  images: [...below.toReversed(), image].map(({ manifest }) => manifest.id),
});
