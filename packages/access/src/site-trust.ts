/**
 * Whom a daemon has links with. By TLS: those with a certificate of the site's CA, as what and whom it says. In clear, which is
 * loopback alone: those who show a token of a node.
 */
import type { IncomingMessage } from 'node:http';
import { type DialCredentials, GridError, type LinkIdentity, type LinkTrust } from '@vmgrid/protocol';
import { bearerOf, type TokenAuthenticator } from './access.ts';
import { authorize, may } from './may.ts';
import { type Connection, connectionOf, type NodeKind, type Peer } from './tls/peer.ts';
import type { TlsMaterial } from './tls/tls-material.ts';

export interface SiteTrustDeps {
  readonly authenticator: TokenAuthenticator;
  /** The token that is shown in clear; undefined when there is none. */
  readonly joinToken: () => string | undefined;
  readonly tls?: TlsMaterial;
}

const BELOW: readonly NodeKind[] = ['plant', 'broker'];
const ABOVE: readonly NodeKind[] = ['shop', 'broker'];

export class SiteTrust implements LinkTrust {
  readonly #deps: SiteTrustDeps;

  constructor(deps: SiteTrustDeps) {
    this.#deps = deps;
  }

  credentials(): DialCredentials {
    const { tls, joinToken } = this.#deps;
    if (tls) return { tls };
    const token = joinToken();
    return token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } };
  }

  admitBelow(request: IncomingMessage): LinkIdentity {
    const connection = connectionOf(request);
    if (connection !== 'clear') return identityOf(requireKind(connection, BELOW));
    const principal = this.#deps.authenticator.authenticate(bearerOf(request.headers.authorization));
    authorize(principal, 'link.register');
    return {
      name: principal.credential,
      mayBe: ({ plantId }) => may(principal, 'link.register', { owner: plantId }),
    };
  }

  admitAbove(request: IncomingMessage): void {
    const connection = connectionOf(request);
    if (connection !== 'clear') requireKind(connection, ABOVE);
    else authorize(this.#deps.authenticator.authenticate(bearerOf(request.headers.authorization)), 'link.command');
  }

  recognizeBelow(response: IncomingMessage): LinkIdentity {
    const connection = connectionOf(response);
    return connection === 'clear' ? OF_THIS_MACHINE : identityOf(requireKind(connection, BELOW));
  }

  recognizeAbove(response: IncomingMessage): void {
    const connection = connectionOf(response);
    if (connection !== 'clear') requireKind(connection, ABOVE);
  }
}

/** In clear only loopback is dialled: whoever listens there is of this machine, and shows nothing. */
const OF_THIS_MACHINE: LinkIdentity = { name: 'this machine', mayBe: () => true };

const identityOf = ({ kind, name }: Peer): LinkIdentity => ({
  name: `${kind} ${name}`,
  mayBe: ({ plantId, role = 'plant' }) => plantId === name && role === kind,
});

function requireKind(connection: Exclude<Connection, 'clear'>, kinds: readonly NodeKind[]): Peer {
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
