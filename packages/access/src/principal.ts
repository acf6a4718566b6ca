import type { Role } from './roles.ts';

/** A user or daemon whose credentials are valid. */
export interface Principal {
  /** The owner of what the principal makes. */
  readonly owner: string;
  readonly roles: readonly Role[];
  /** The name of the credentials, for logs; it is no secret. */
  readonly credential: string;
}
