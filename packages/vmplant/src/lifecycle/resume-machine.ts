/**
 * Gives a machine that was resumed, or started from its own disk, what it needs: its agent, the time of day, its
 * network.
 */
import type { Clock } from '@vmgrid/daemon';
import type { Guest, GuestAccess, Machine } from '@vmgrid/lines';

/** busybox knows whole seconds only. The printed word means that the network may be opened. */
const AWAKE = `date -s "@$1.$2" > /dev/null 2>&1 || date -s "@$1" > /dev/null
echo awake
[ ! -e /proc/exitcode ] || sh -c "$3"`;
/**
 * UML, which has that file, gets its card when its network is opened; a guest that has booted has not set it up yet.
 */
const AWAIT_CARD = `looks=0
while [ ! -e /sys/class/net/eth0 ] && [ $looks -lt 600 ]; do
  [ ! -e /sys/class/net/vec0 ] || sh /etc/vmgrid/network > /dev/null 2>&1
  looks=$((looks + 1))
  sleep 0.05
done`;

/** @throws GridError GUEST_UNREACHABLE, GUEST_LOST, or an error of opening the network */
export async function resumeMachine(
  machine: Machine,
  clock: Pick<Clock, 'now'>,
  signal: AbortSignal,
): Promise<{ readonly guest: Guest; readonly access: GuestAccess }> {
  const guest = await machine.guest(signal);
  const time = (clock.now() / 1_000).toFixed(3).split('.');
  let access: GuestAccess | undefined;
  for await (const _ of guest.run(['/bin/sh', '-c', AWAKE, 'vmgrid', ...time, AWAIT_CARD], signal)) {
    access ??= await machine.openNetwork(signal);
  }
  return { guest, access: access ?? (await machine.openNetwork(signal)) };
}
