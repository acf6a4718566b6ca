/** Named limits of archives: an archive is read before anybody knows who wrote it. */
export const ARCHIVE_LIMITS = {
  /** The image and all below it. */
  images: 64,
  manifestBytes: 8 * 1024 * 1024,
  /** Sizes of all files together, holes included. */
  totalBytes: 1024 ** 4,
  /** Bytes of all files together that are not holes. */
  dataBytes: 256 * 1024 ** 3,
} as const;

export type ArchiveLimits = { readonly [Name in keyof typeof ARCHIVE_LIMITS]: number };

/** Bytes read, compared and written at a time. */
export const CHUNK_BYTES = 1024 * 1024;
