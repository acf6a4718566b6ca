/** Authenticates requests: looks up their credentials in the folder that the daemons of a machine share. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { ensureLocalTokens } from './local-token.ts';
import type { Principal } from './principal.ts';
import { TokenBook } from './token-book.ts';

/** The part of this package that an endpoint uses. */
export interface Authenticator {
  /** @throws GridError UNAUTHENTICATED */
  authenticate(bearer: string | undefined): Principal | Promise<Principal>;
}

/** Authenticates tokens of this machine only, and answers at once. Links accept no other tokens. */
export interface TokenAuthenticator extends Authenticator {
  authenticate(bearer: string | undefined): Principal;
}

export class Access implements TokenAuthenticator {
  readonly tokens: TokenBook;

  private constructor(tokens: TokenBook) {
    this.tokens = tokens;
  }

  /**
   * Opens the folder, and makes it when it does not exist, with the tokens of the user who runs the daemons of this
   * machine.
   */
  static open(folder: string, now: () => number = Date.now): Access {
    makeFolder(folder, 0o700);
    chmodSync(folder, 0o700);
    const tokens = new TokenBook(join(folder, 'tokens.sqlite'), now);
    try {
      ensureLocalTokens(folder, tokens);
      return new Access(tokens);
    } catch (error) {
      tokens.close();
      throw error;
    }
  }

  authenticate(bearer: string | undefined): Principal {
    if (bearer === undefined) throw new GridError('UNAUTHENTICATED', 'no token came with the request');
    const principal = this.tokens.principalOf(bearer);
    if (principal) return principal;
    // Do not say which of the three: someone who tries tokens must learn nothing.
    throw new GridError('UNAUTHENTICATED', 'the token is unknown, revoked or expired');
  }

  close(): void {
    this.tokens.close();
  }
}

/** The token of an `Authorization: Bearer …` header (RFC 6750); undefined when there is none. */
export const bearerOf = (header: string | undefined): string | undefined =>
  /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1];
