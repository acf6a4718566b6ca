import type { GuestAccess } from '../production-line.ts';
import { forwardedPort } from '../qemu/network.ts';
import type { Virsh } from './api/virsh.ts';
import { DEVICES } from './layout.ts';

/** Whether a domain's cable is connected. */
export interface Link {
  readonly uuid: string;
  readonly up: boolean;
}

/** Connects or disconnects the cable of a machine's network card. A saved and resumed machine keeps the setting. */
export async function setLink(virsh: Virsh, { uuid, up }: Link, signal: AbortSignal): Promise<void> {
  await virsh.monitor(uuid, { execute: 'set_link', arguments: { name: DEVICES.nic, up } }, signal);
}

/** Opens the network; QEMU chooses the port that it forwards to the guest. */
export async function openNetwork(virsh: Virsh, uuid: string, signal: AbortSignal): Promise<GuestAccess> {
  await setLink(virsh, { uuid, up: true }, signal);
  const ask = { execute: 'human-monitor-command', arguments: { 'command-line': 'info usernet' } };
  return { sshPort: forwardedPort(String(await virsh.monitor(uuid, ask, signal))) };
}
