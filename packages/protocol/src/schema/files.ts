/** Files that clients upload, to be named by file actions. */
import { ContentDigest } from '@vmgrid/dag';
import { type Static, Type } from 'typebox';
import { OwnerName } from './caller.ts';
import { Next } from './pages.ts';

const closed = { additionalProperties: false } as const;

/** An uploaded file. */
export const FileReply = Type.Object(
  {
    contentDigest: ContentDigest,
    bytes: Type.Integer({ minimum: 0 }),
    owner: OwnerName,
    /** When it was uploaded or named by a request last; some time after that it is collected. */
    usedAt: Type.String({ format: 'date-time' }),
  },
  closed,
);
export type FileReply = Static<typeof FileReply>;

export const FileListReply = Type.Object({ files: Type.Array(FileReply), next: Next }, closed);
export type FileListReply = Static<typeof FileListReply>;

/** Bytes of a file in one call over a link. */
export const FILE_PIECE_BYTES = 1_048_576;

/** A piece of a file for a plant; without data it asks how much the plant has. */
export const FilePiece = Type.Object(
  {
    contentDigest: ContentDigest,
    /** The size of the whole file. */
    bytes: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    /** Where the data begin. */
    offset: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    /** In base64. */
    data: Type.String({ maxLength: Math.ceil(FILE_PIECE_BYTES / 3) * 4 }),
  },
  closed,
);
export type FilePiece = Static<typeof FilePiece>;

/** How much of a file a plant has, from its beginning. */
export const FileProgress = Type.Object({ bytes: Type.Integer({ minimum: 0 }) }, closed);
export type FileProgress = Static<typeof FileProgress>;
