/** Recognizes the other end of a link by what it shows before it says anything. */
import type { IncomingMessage } from 'node:http';
import type { ConnectionOptions } from 'node:tls';
import type { Hello } from './bidder.ts';

/** Credentials that the other end of a link has shown. */
export interface LinkCredentials {
  /** Whether they are still valid: asked at each heartbeat of the link, which ends when they are not. Never throws. */
  holds(): boolean;
}

/** Credentials of a plant or broker. */
export interface LinkIdentity extends LinkCredentials {
  /** Name of the credentials, for messages. */
  readonly name: string;
  /** Whether the credentials belong to the name and role of the hello. */
  mayBe(hello: Pick<Hello, 'plantId' | 'role'>): boolean;
}

/** Credentials that are shown when a link is dialled. */
export interface DialCredentials {
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'minVersion'>;
}

/** Each method throws GridError UNAUTHENTICATED or FORBIDDEN when the other end is not trusted. */
export interface LinkTrust {
  credentials(): DialCredentials;
  /** For a plant or broker that dialled up to here. */
  admitBelow(request: IncomingMessage): LinkIdentity;
  /** For a shop or broker that dialled down to here. */
  admitAbove(request: IncomingMessage): LinkCredentials;
  /** For a plant or broker below that was dialled, by its answer to the upgrade. */
  recognizeBelow(response: IncomingMessage): LinkIdentity;
  /** For a shop or broker above that was dialled. */
  recognizeAbove(response: IncomingMessage): LinkCredentials;
}

/** Trusts every end: for links that no stranger can reach. */
export const TRUST_ALL: LinkTrust = {
  credentials: () => ({}),
  admitBelow: () => ANYBODY,
  admitAbove: () => ANYBODY,
  recognizeBelow: () => ANYBODY,
  recognizeAbove: () => ANYBODY,
};

const ANYBODY: LinkIdentity = { name: 'anybody', mayBe: () => true, holds: () => true };
