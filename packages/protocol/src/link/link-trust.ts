/** Who the other end of a link is, by what it shows before it says anything. */
import type { IncomingMessage } from 'node:http';
import type { ConnectionOptions } from 'node:tls';
import type { Hello } from './bidder.ts';

/** A plant or broker whose credentials hold. */
export interface LinkIdentity {
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
  admitAbove(request: IncomingMessage): void;
  /** Of one below that was dialled, by the answer to the upgrade. */
  recognizeBelow(response: IncomingMessage): LinkIdentity;
  /** Of one above that was dialled. */
  recognizeAbove(response: IncomingMessage): void;
}

/** Trusts every end: for links that no stranger can reach. */
export const TRUST_ALL: LinkTrust = {
  credentials: () => ({}),
  admitBelow: () => ANYBODY,
  admitAbove: () => undefined,
  recognizeBelow: () => ANYBODY,
  recognizeAbove: () => undefined,
};

const ANYBODY: LinkIdentity = { name: 'anybody', mayBe: () => true };
