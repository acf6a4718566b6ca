/**
 * Decides with whom a daemon has links. With TLS, the other end shows a certificate of the site's CA, which names its
 * kind and itself. In clear, which is possible on loopback only, it shows the token of a node.
 */
import type { IncomingMessage } from 'node:http';
import {
  type DialCredentials,
  GridError,
  type LinkCredentials,
  type LinkIdentity,
  type LinkTrust,
} from '@vmgrid/protocol';
import { bearerOf, type TokenAuthenticator } from './access.ts';
import type { GridOperation } from './grants.ts';
import { authorize, may } from './may.ts';
import type { Principal } from './principal.ts';
import { type ConnectedPeer, type Connection, connectionOf, type NodeKind } from './tls/peer.ts';
import type { Revocations } from './tls/revocations.ts';
import type { TlsMaterial } from './tls/tls-material.ts';

export interface SiteTrustDeps {
  readonly authenticator: TokenAuthenticator;
  /** The token that this daemon shows in clear; undefined when there is none. */
  readonly joinToken: () => string | undefined;
  /** Returns the current TLS material. */
  readonly tls?: () => TlsMaterial;
  /** Left out: every certificate of the CA is valid. */
  readonly revocations?: Pick<Revocations, 'isRevoked'> | undefined;
}

const BELOW: readonly NodeKind[] = ['plant', 'broker'];
const ABOVE: readonly NodeKind[] = ['shop', 'broker'];
/**
 * A verdict on a token counts for all links that show it for this many milliseconds: thousands of links show the same
 * token.
 */
const HOLDS_MS = 1_000;

export class SiteTrust implements LinkTrust {
  readonly #deps: SiteTrustDeps;
  /** The verdicts on tokens since `from`. */
  readonly #verdicts = { from: Number.NEGATIVE_INFINITY, byToken: new Map<string | undefined, boolean>() };

  constructor(deps: SiteTrustDeps) {
    this.#deps = deps;
  }

  credentials(): DialCredentials {
    const { tls, joinToken } = this.#deps;
    if (tls) return { tls: tls() };
    const token = joinToken();
    return token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } };
  }

  admitBelow(request: IncomingMessage): LinkIdentity {
    const connection = connectionOf(request);
    if (connection !== 'clear') return this.#identityOf(connection, BELOW);
    const { principal, holds } = this.#showsToken(request, 'link.register');
    const mayBe: LinkIdentity['mayBe'] = ({ plantId }) => may(principal, 'link.register', { owner: plantId });
    return { name: principal.credential, mayBe, holds };
  }

  admitAbove(request: IncomingMessage): LinkCredentials {
    const connection = connectionOf(request);
    if (connection !== 'clear') return this.#identityOf(connection, ABOVE);
    return this.#showsToken(request, 'link.command');
  }

  recognizeBelow(response: IncomingMessage): LinkIdentity {
    const connection = connectionOf(response);
    return connection === 'clear' ? OF_THIS_MACHINE : this.#identityOf(connection, BELOW);
  }

  recognizeAbove(response: IncomingMessage): LinkCredentials {
    const connection = connectionOf(response);
    return connection === 'clear' ? OF_THIS_MACHINE : this.#identityOf(connection, ABOVE);
  }

  /** @throws GridError UNAUTHENTICATED, FORBIDDEN */
  #identityOf(connection: Exclude<Connection, 'clear'>, kinds: readonly NodeKind[]): LinkIdentity {
    const { kind, name, serial } = requireKind(connection, kinds);
    const holds = () => this.#deps.revocations?.isRevoked(serial) !== true;
    if (!holds()) {
      const message = `the certificate of the ${kind} ${name} is revoked`;
      throw new GridError('UNAUTHENTICATED', message, { kind, name, serial });
    }
    return {
      name: `${kind} ${name}`,
      holds,
      mayBe: ({ plantId, role = 'plant' }) => plantId === name && role === kind,
    };
  }

  /** @throws GridError UNAUTHENTICATED, FORBIDDEN */
  #showsToken({ headers }: IncomingMessage, operation: GridOperation): LinkCredentials & { principal: Principal } {
    const token = bearerOf(headers.authorization);
    const principal = this.#deps.authenticator.authenticate(token);
    authorize(principal, operation);
    return { principal, holds: () => this.#holds(token) };
  }

  #holds(token: string | undefined): boolean {
    const { from, byToken } = this.#verdicts;
    const now = performance.now();
    if (now - from >= HOLDS_MS) {
      this.#verdicts.from = now;
      byToken.clear();
    }
    const verdict = byToken.get(token) ?? isShown(() => this.#deps.authenticator.authenticate(token));
    byToken.set(token, verdict);
    return verdict;
  }
}

/** Only a refusal means that credentials are no longer valid. That they cannot be looked up now is no verdict. */
function isShown(show: () => unknown): boolean {
  try {
    show();
    return true;
  } catch (error) {
    return GridError.from(error).code !== 'UNAUTHENTICATED';
  }
}

/** In clear only loopback is dialled: whoever listens there belongs to this machine, and shows nothing. */
const OF_THIS_MACHINE: LinkIdentity = { name: 'this machine', mayBe: () => true, holds: () => true };

function requireKind(connection: Exclude<Connection, 'clear'>, kinds: readonly NodeKind[]): ConnectedPeer {
  if (connection === 'stranger') {
    throw new GridError(
      'UNAUTHENTICATED',
      "the other end has no certificate of the site's CA for a shop, broker or plant",
    );
  }
  if (kinds.includes(connection.kind)) return connection;
  const message = `the other end is the ${connection.kind} ${connection.name}, which is no ${kinds.join(' or ')}`;
  throw new GridError('FORBIDDEN', message, { ...connection });
}
