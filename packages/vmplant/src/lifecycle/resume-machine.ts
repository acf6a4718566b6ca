/** What a machine needs that goes on where it stood: its agent, the time of day, its network. */
import type { Clock } from '@vmgrid/daemon';
import type { Guest, GuestAccess, Machine } from '@vmgrid/lines';

/** busybox knows whole seconds only. */
const SET_CLOCK = 'date -s "@$1.$2" > /dev/null 2>&1 || date -s "@$1" > /dev/null';

/** @throws GridError GUEST_UNREACHABLE, GUEST_LOST, or what opening the network throws */
export async function resumeMachine(
  machine: Machine,
  clock: Pick<Clock, 'now'>,
  signal: AbortSignal,
): Promise<{ readonly guest: Guest; readonly access: GuestAccess }> {
  const guest = await machine.guest(signal);
  const command = ['/bin/sh', '-c', SET_CLOCK, 'vmgrid', ...(clock.now() / 1_000).toFixed(3).split('.')];
  for await (const _ of guest.run(command, signal)); // what it prints says nothing
  return { guest, access: await machine.openNetwork(signal) };
}
