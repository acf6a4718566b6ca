import { GridError } from '@vmgrid/protocol';
import type { GuestAccess, StartOrder } from '../production-line.ts';
import { DEVICES, GATE, hasResidentAgent } from './command-line.ts';
import type { QemuState } from './machine-state.ts';
import type { QmpClient } from './qmp/qmp-client.ts';

/** Address of every guest inside QEMU's user network; each machine has its own network. */
const GUEST_ADDRESS = '10.0.2.15';
/**
 * Forwarded ports in `info usernet`: state, file descriptor, address and port on the host, then address and port in the
 * guest.
 */
const FORWARDED_PORT = /^\s*TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)\s+/m;

export const setLink = (monitor: QmpClient, up: boolean, signal: AbortSignal): Promise<unknown> =>
  monitor.execute('set_link', { name: DEVICES.nic, up }, { signal });

/**
 * Opens the network unless it is open. A guest with the resident agent always has a link, so that it need not wait for
 * its card; any other sees by its link that the network is open.
 */
export async function openUserNetwork(
  monitor: QmpClient,
  { guestNetwork, compatibility }: Pick<QemuState, 'guestNetwork' | 'compatibility'>,
  signal: AbortSignal,
): Promise<GuestAccess> {
  if (!(await hasUserNetwork(monitor, signal))) await addUserNetwork(monitor, guestNetwork, signal);
  if (hasResidentAgent(compatibility)) await openGate(monitor, signal);
  else await setLink(monitor, true, signal);
  return { sshPort: forwardedPort(await ask(monitor, 'info usernet', signal)) };
}

/** Does nothing where it is open. */
async function openGate(monitor: QmpClient, signal: AbortSignal): Promise<void> {
  await monitor.execute('object-del', { id: DEVICES.gate }, { signal }).catch((error: unknown) => {
    if (!(error instanceof GridError) || !error.message.includes('not found')) throw error;
  });
}

/** Does nothing where it is closed. */
async function closeGate(monitor: QmpClient, signal: AbortSignal): Promise<void> {
  await monitor.execute('object-add', GATE, { signal }).catch((error: unknown) => {
    if (!(error instanceof GridError) || !error.message.includes('duplicate')) throw error;
  });
}

/** Connects a user network to the machine's hub. The kernel chooses the forwarded port. */
async function addUserNetwork(
  monitor: QmpClient,
  guestNetwork: StartOrder['guestNetwork'],
  signal: AbortSignal,
): Promise<void> {
  const network = {
    type: 'user',
    id: DEVICES.userNetwork,
    restrict: guestNetwork === 'isolated',
    ipv6: false,
    hostfwd: [{ str: `tcp:127.0.0.1:0-${GUEST_ADDRESS}:22` }],
  };
  await monitor.execute('netdev_add', network, { signal }).catch((error) => {
    throw isRefusedForward(error) ? noPort(error) : error;
  });
  const port = { type: 'hubport', id: DEVICES.userPort, hubid: DEVICES.hub, netdev: DEVICES.userNetwork };
  await monitor.execute('netdev_add', port, { signal });
}

/** The kernel chooses the port, on loopback, so a refusal means that no port is free. */
const isRefusedForward = (error: unknown): error is GridError =>
  error instanceof GridError && error.message.includes('Could not set up host forwarding');

const noPort = (cause: GridError): GridError =>
  new GridError('HOST_PORTS_FULL', `no port is free for ssh to the guest: ${cause.message}`, cause.details, { cause });

async function hasUserNetwork(monitor: QmpClient, signal: AbortSignal): Promise<boolean> {
  return (await ask(monitor, 'info network', signal)).includes(DEVICES.userNetwork);
}

/** Returns the port from the monitor's answer to `info usernet`. @throws GridError VMM_FAILED when there is none */
export function forwardedPort(networks: string): number {
  const port = FORWARDED_PORT.exec(networks)?.[1];
  if (port !== undefined) return Number(port);
  throw new GridError('VMM_FAILED', 'QEMU does not say which port it forwards', { output: networks });
}

/** Asks the human monitor, for facts that QMP does not have. */
async function ask(monitor: QmpClient, command: string, signal: AbortSignal): Promise<string> {
  return String(await monitor.execute('human-monitor-command', { 'command-line': command }, { signal }));
}

/**
 * Disconnects the user network, because its state would bind an image to it. It does nothing when the network was never
 * there.
 */
export async function removeUserNetwork(
  monitor: QmpClient,
  { compatibility }: Pick<QemuState, 'compatibility'>,
  signal: AbortSignal,
): Promise<void> {
  if (!hasResidentAgent(compatibility)) await setLink(monitor, false, signal);
  if (!(await hasUserNetwork(monitor, signal))) return;
  if (hasResidentAgent(compatibility)) await closeGate(monitor, signal);
  await monitor.execute('netdev_del', { id: DEVICES.userPort }, { signal });
  await monitor.execute('netdev_del', { id: DEVICES.userNetwork }, { signal });
}
