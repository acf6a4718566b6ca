/** The audit trail: who did what, when, with which outcome. */
import { type Static, Type } from 'typebox';
import { OwnerName } from './caller.ts';
import { Next } from './pages.ts';

const closed = { additionalProperties: false } as const;
const Name = Type.String({ minLength: 1, maxLength: 128 });

export const AuditEntry = Type.Object(
  {
    sequence: Type.Integer({ minimum: 1 }),
    at: Type.String({ format: 'date-time' }),
    /**
     * The daemon that was asked: `shop`, or the id of a broker or plant; `vmgrid` for the command line's own actions.
     */
    daemon: Name,
    /** Where it was asked: `http`, `tcp`, `link` or `command`; `trail` for entries about the trail itself. */
    door: Type.Union([
      Type.Literal('http'),
      Type.Literal('tcp'),
      Type.Literal('link'),
      Type.Literal('command'),
      Type.Literal('trail'),
    ]),
    /** The owner that the credentials act for, and their name; left out when no credentials were valid. */
    owner: Type.Optional(OwnerName),
    credential: Type.Optional(Name),
    /** Address that the request came from. */
    from: Type.Optional(Type.String({ maxLength: 64 })),
    /** The operation as the table of grants names it; `none` when the request was refused before that was known. */
    operation: Name,
    /** The object: the path of a request, the name of a token. */
    target: Type.String({ maxLength: 256 }),
    /** `begun`, `ok`, or the code of an error. */
    outcome: Name,
  },
  closed,
);
export type AuditEntry = Static<typeof AuditEntry>;

/** The newest first. */
export const AuditReply = Type.Object({ entries: Type.Array(AuditEntry), next: Next }, closed);
export type AuditReply = Static<typeof AuditReply>;

export const AuditQuery = Type.Object(
  {
    owner: Type.Optional(OwnerName),
    operation: Type.Optional(Name),
    outcome: Type.Optional(Name),
    /** Entries before this one: the next page. */
    before: Type.Optional(Type.Integer({ minimum: 1 })),
    most: Type.Integer({ minimum: 1, maximum: 1_000, default: 100 }),
  },
  closed,
);
export type AuditQuery = Static<typeof AuditQuery>;
