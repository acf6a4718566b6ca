/** Named limits of archives. An archive is read before anyone knows who wrote it. */
export const ARCHIVE_LIMITS = {
  /** The image and all images below it. */
  images: 64,
  manifestBytes: 8 * 1024 * 1024,
  /** Sizes of all files together, holes included. */
  totalBytes: 1024 ** 4,
  /** Bytes of all files together, without holes. */
  dataBytes: 256 * 1024 ** 3,
} as const;

export type ArchiveLimits = { readonly [Name in keyof typeof ARCHIVE_LIMITS]: number };

/** Bytes that are read, compared and written at a time. */
export const CHUNK_BYTES = 1024 * 1024;
