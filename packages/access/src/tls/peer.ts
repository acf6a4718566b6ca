import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

export const NODE_KINDS = ['shop', 'broker', 'plant'] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

/** A daemon of the site, as its certificate has it: the kind as organizational unit, its name as common name. */
export interface Peer {
  readonly kind: NodeKind;
  readonly name: string;
}

/** One that is at the other end. */
export interface ConnectedPeer extends Peer {
  /** Of its certificate, in hexadecimal. */
  readonly serial: string;
}

export type Connection = 'clear' | 'stranger' | ConnectedPeer;

/**
 * Who is at the other end of the connection that a message came by; a certificate that the site's CA did not sign is a
 * stranger's.
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
