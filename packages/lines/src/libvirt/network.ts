import type { GuestAccess } from '../production-line.ts';
import { forwardedPort } from '../qemu/network.ts';
import { DEVICES } from './layout.ts';
import type { Virsh } from './virsh.ts';

/** Plugs the cable of a machine's network card in, or pulls it. A machine that is saved and resumed keeps this. */
export async function setLink(virsh: Virsh, uuid: string, up: boolean, signal: AbortSignal): Promise<void> {
  await virsh.monitor(uuid, { execute: 'set_link', arguments: { name: DEVICES.nic, up } }, signal);
}

/** Opens the network, which QEMU forwards a port of its choice to. */
export async function openNetwork(virsh: Virsh, uuid: string, signal: AbortSignal): Promise<GuestAccess> {
  await setLink(virsh, uuid, true, signal);
  const ask = { execute: 'human-monitor-command', arguments: { 'command-line': 'info usernet' } };
  return { sshPort: forwardedPort(String(await virsh.monitor(uuid, ask, signal))) };
}
