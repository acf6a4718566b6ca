/** Who the other end of a link is, by what it shows before it says anything. */
import type { IncomingMessage } from 'node:http';
import type { ConnectionOptions } from 'node:tls';
import type { Hello } from './bidder.ts';

/** What the other end of a link has shown. */
export interface LinkCredentials {
  /** Whether it counts still: asked at each heartbeat of the link, which ends once it does not. Never throws. */
  holds(): boolean;
}

/** Those of a plant or broker. */
export interface LinkIdentity extends LinkCredentials {
  /** Name of the credentials, for messages. */
  readonly name: string;
  /** Whether they are those of whom it says it is. */
  mayBe(hello: Pick<Hello, 'plantId' | 'role'>): boolean;
}

/** What is shown when a link is dialled. */
export interface DialCredentials {
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'minVersion'>;
}

/** Each method throws GridError UNAUTHENTICATED or FORBIDDEN when the other end is not one to have a link with. */
export interface LinkTrust {
  credentials(): DialCredentials;
  /** Of one that dialled up to here. */
  admitBelow(request: IncomingMessage): LinkIdentity;
  /** Of one that dialled down to here. */
  admitAbove(request: IncomingMessage): LinkCredentials;
  /** Of one below that was dialled, by the answer to the upgrade. */
  recognizeBelow(response: IncomingMessage): LinkIdentity;
  /** Of one above that was dialled. */
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
