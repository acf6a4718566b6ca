/** Accepts tokens of the site's identity provider besides those of the machine. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { GridError } from '@vmgrid/protocol';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import type { Access, Authenticator } from '../access.ts';
import type { Principal } from '../principal.ts';
import type { JwtConfig } from './jwt-config.ts';
import { principalOfClaims } from './principal-of-claims.ts';

/** How far the clocks of the provider and of this machine may differ, in seconds. */
const CLOCK_TOLERANCE_S = 30;
/** How long a verified token is not verified again. A withdrawn key counts for at most this long. */
const VERIFIED_FOR_MS = 60_000;
const VERIFIED_KEPT = 1_000;
const FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;

interface Verified {
  readonly principal: Principal;
  readonly until: number;
}

export class JwtAuthenticator implements Authenticator {
  readonly #access: Pick<Access, 'authenticate'>;
  readonly #config: JwtConfig;
  readonly #now: () => number;
  readonly #verified = new Map<string, Verified>();
  #keys: Promise<JWTVerifyGetKey> | undefined;

  /** `now`: milliseconds since the epoch. */
  constructor(access: Pick<Access, 'authenticate'>, config: JwtConfig, now: () => number = Date.now) {
    this.#access = access;
    this.#config = config;
    this.#now = now;
  }

  /** @throws GridError UNAUTHENTICATED; IDENTITY_UNAVAILABLE when the provider's keys cannot be had */
  async authenticate(bearer: string | undefined): Promise<Principal> {
    if (bearer === undefined || !FORM.test(bearer)) return this.#access.authenticate(bearer);
    const digest = createHash('sha256').update(bearer).digest('base64');
    const known = this.#verified.get(digest);
    const leftMs = known && known.until - this.#now();
    // If more time is left than at the beginning, the clock was set back.
    if (known && leftMs! > 0 && leftMs! <= VERIFIED_FOR_MS) return known.principal;
    const verified = await this.#verify(bearer);
    this.#verified.delete(digest);
    this.#verified.set(digest, verified);
    if (this.#verified.size > VERIFIED_KEPT) this.#verified.delete(this.#verified.keys().next().value!);
    return verified.principal;
  }

  async #verify(token: string): Promise<Verified> {
    const { issuer, audience, algorithms, ownerClaim } = this.#config;
    const now = this.#now();
    const options: JWTVerifyOptions = {
      ...{ issuer, audience, algorithms, clockTolerance: CLOCK_TOLERANCE_S, currentDate: new Date(now) },
      requiredClaims: ['exp', ownerClaim],
    };
    try {
      this.#keys ??= this.#openKeys();
      const { payload } = await jwtVerify(token, await this.#keys, options);
      const expiresAt = (payload.exp! + CLOCK_TOLERANCE_S) * 1_000;
      return {
        principal: principalOfClaims(payload, this.#config),
        until: Math.min(expiresAt, now + VERIFIED_FOR_MS),
      };
    } catch (cause) {
      if (cause instanceof GridError) throw cause;
      const isVerdict = cause instanceof errors.JOSEError && !(cause instanceof errors.JWKSTimeout);
      if (isVerdict && cause.code !== errors.JOSEError.code) {
        throw new GridError('UNAUTHENTICATED', `the token is not valid: ${cause.code}`, {}, { cause });
      }
      const message = 'the keys of the identity provider cannot be read, so its tokens cannot be verified';
      throw new GridError('IDENTITY_UNAVAILABLE', message, { issuer }, { cause });
    }
  }

  async #openKeys(): Promise<JWTVerifyGetKey> {
    const { jwksFile, jwksUrl } = this.#config;
    if (jwksFile === undefined) return createRemoteJWKSet(new URL(jwksUrl!));
    return createLocalJWKSet(JSON.parse(readFileSync(jwksFile, 'utf8')));
  }
}
