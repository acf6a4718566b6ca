import type { Role } from './roles.ts';

/** Whoever showed credentials that hold. */
export interface Principal {
  /** Whom it acts for: the owner of what it makes. */
  readonly owner: string;
  readonly roles: readonly Role[];
  /** Name of the credentials, which are no secret: for logs. */
  readonly credential: string;
}
