import { DEVICES } from './command-line.ts';
import type { QmpClient } from './qmp/qmp-client.ts';

/** Address of every guest inside QEMU's user network; each machine has a network of its own. */
const GUEST_ADDRESS = '10.0.2.15';

export interface UserNetwork {
  readonly sshPort: number;
  readonly guestNetwork: 'isolated' | 'outbound';
}

export const setLink = (monitor: QmpClient, up: boolean, signal: AbortSignal): Promise<unknown> =>
  monitor.execute('set_link', { name: DEVICES.nic, up }, { signal });

/** Hangs a user network on the machine's hub, then plugs the cable in. */
export async function openUserNetwork(
  monitor: QmpClient,
  { sshPort, guestNetwork }: UserNetwork,
  signal: AbortSignal,
): Promise<void> {
  const network = {
    type: 'user',
    id: DEVICES.userNetwork,
    restrict: guestNetwork === 'isolated',
    ipv6: false,
    hostfwd: [{ str: `tcp:127.0.0.1:${sshPort}-${GUEST_ADDRESS}:22` }],
  };
  await monitor.execute('netdev_add', network, { signal });
  const port = { type: 'hubport', id: DEVICES.userPort, hubid: DEVICES.hub, netdev: DEVICES.userNetwork };
  await monitor.execute('netdev_add', port, { signal });
  await setLink(monitor, true, signal);
}

/** Takes the user network off again: it has state, which would bind an image to it. Nothing happens if it was never there. */
export async function removeUserNetwork(monitor: QmpClient, signal: AbortSignal): Promise<void> {
  await setLink(monitor, false, signal);
  const backends = JSON.stringify(
    await monitor.execute('human-monitor-command', { 'command-line': 'info network' }, { signal }),
  );
  if (!backends.includes(DEVICES.userNetwork)) return;
  await monitor.execute('netdev_del', { id: DEVICES.userPort }, { signal });
  await monitor.execute('netdev_del', { id: DEVICES.userNetwork }, { signal });
}
