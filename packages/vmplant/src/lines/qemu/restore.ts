import { GridError } from '@vmgrid/protocol';
import type { QmpClient, QmpEvent } from './qmp/qmp-client.ts';

const RESTORE_DEADLINE_MS = 60_000;
const SAVE_DEADLINE_MS = 300_000;

/**
 * `x-ignore-shared`: guest memory stays in the file it is mapped from and only the devices' state is in the stream.
 * `events`: QEMU says when it is done, nobody asks.
 */
export async function prepareMigration(monitor: QmpClient, signal: AbortSignal): Promise<void> {
  const capabilities = ['x-ignore-shared', 'events'].map((capability) => ({ capability, state: true }));
  await monitor.execute('migrate-set-capabilities', { capabilities }, { signal });
}

const isEnd = ({ event, data }: QmpEvent): boolean =>
  event === 'MIGRATION' && (data.status === 'completed' || data.status === 'failed');

async function awaitEnd(ended: Promise<QmpEvent>, what: string): Promise<void> {
  const { data } = await ended;
  if (data.status !== 'completed') throw new GridError('VMM_FAILED', `QEMU could not ${what}`);
}

/** Loads the devices' state from an inherited file descriptor. The machine is paused afterwards. */
export async function loadState(monitor: QmpClient, descriptor: number, signal: AbortSignal): Promise<void> {
  await prepareMigration(monitor, signal);
  const ended = monitor.nextEvent(isEnd, 'the restored state', { signal, timeoutMs: RESTORE_DEADLINE_MS });
  ended.catch(() => undefined);
  await monitor.execute('migrate-incoming', { uri: `fd:${descriptor}` }, { signal });
  await awaitEnd(ended, 'load the suspended state');
}

/** Writes the devices' state of a stopped machine to a unix socket. */
export async function saveState(monitor: QmpClient, socketName: string, signal: AbortSignal): Promise<void> {
  await prepareMigration(monitor, signal);
  const ended = monitor.nextEvent(isEnd, 'the saved state', { signal, timeoutMs: SAVE_DEADLINE_MS });
  ended.catch(() => undefined);
  await monitor.execute('migrate', { uri: `unix:${socketName}` }, { signal });
  await awaitEnd(ended, 'save its state');
}
