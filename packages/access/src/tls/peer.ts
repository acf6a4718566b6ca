import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

export const NODE_KINDS = ['shop', 'broker', 'plant'] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

/**
 * A daemon of the site as its certificate describes it: the organizational unit is its kind, the common name its name.
 */
export interface Peer {
  readonly kind: NodeKind;
  readonly name: string;
}

/** A daemon at the other end of a connection. */
export interface ConnectedPeer extends Peer {
  /** Serial number of its certificate, in hexadecimal. */
  readonly serial: string;
}

export type Connection = 'clear' | 'stranger' | ConnectedPeer;

/**
 * Describes the other end of the connection of a message. An end whose certificate is not signed by the site's CA is a
 * stranger.
 */
export function connectionOf({ socket }: IncomingMessage): Connection {
  const { encrypted, authorized } = socket as Partial<TLSSocket>;
  if (encrypted !== true) return 'clear';
  if (authorized !== true) return 'stranger';
  const { subject, serialNumber: serial } = (socket as TLSSocket).getPeerCertificate();
  const { CN: name, OU: kind } = subject;
  return typeof name === 'string' && isNodeKind(kind) ? { kind, name, serial } : 'stranger';
}

export const isNodeKind = (text: unknown): text is NodeKind => (NODE_KINDS as readonly unknown[]).includes(text);
