import { GridError } from '@vmgrid/protocol';
import type { QmpClient, QmpEvent } from './qmp/qmp-client.ts';

const RESTORE_DEADLINE_MS = 60_000;
const SAVE_DEADLINE_MS = 300_000;
/** Milliseconds for QEMU to cancel a write. */
const CALL_OFF_DEADLINE_MS = 5_000;
const UNLIMITED_BYTES_PER_S = 2 ** 40;

/**
 * Where a stopped machine's memory is: in the file from which it is mapped, or in the stream, before the devices'
 * state.
 */
export type MemoryPlace = 'file' | 'stream';

/**
 * `x-ignore-shared`: the guest's memory stays in the file from which it is mapped, and only the devices' state is in
 * the stream. `events`: QEMU reports the end by itself, so nobody polls.
 */
async function prepareMigration(monitor: QmpClient, memory: MemoryPlace, signal: AbortSignal): Promise<void> {
  const capabilities = [
    { capability: 'x-ignore-shared', state: memory === 'file' },
    { capability: 'events', state: true },
  ];
  await monitor.execute('migrate-set-capabilities', { capabilities }, { signal });
  // The machine is stopped meanwhile, so QEMU's limit, which spares the network of a running machine, is lifted.
  await monitor.execute('migrate-set-parameters', { 'max-bandwidth': UNLIMITED_BYTES_PER_S }, { signal });
}

const isEnd = ({ event, data }: QmpEvent): boolean =>
  event === 'MIGRATION' && (data.status === 'completed' || data.status === 'failed');

async function awaitMigrated(ended: Promise<QmpEvent>, what: string): Promise<void> {
  const { data } = await ended;
  if (data.status !== 'completed') throw new GridError('VMM_FAILED', `QEMU could not ${what}`);
}

/** Loads a state from an inherited file descriptor. The machine is paused afterwards. */
export async function loadState(
  monitor: QmpClient,
  { descriptor, memory }: { readonly descriptor: number; readonly memory: MemoryPlace },
  signal: AbortSignal,
): Promise<void> {
  await prepareMigration(monitor, memory, signal);
  const ended = monitor.nextEvent(isEnd, 'the restored state', { signal, timeoutMs: RESTORE_DEADLINE_MS });
  ended.catch(() => undefined);
  await monitor.execute('migrate-incoming', { uri: `fd:${descriptor}` }, { signal });
  await awaitMigrated(ended, 'load the suspended state');
}

/**
 * Writes the state of a stopped machine to a unix socket. After a failure QEMU has stopped writing and can start again.
 */
export async function saveState(
  monitor: QmpClient,
  { socketName, memory }: { readonly socketName: string; readonly memory: MemoryPlace },
  signal: AbortSignal,
): Promise<void> {
  await prepareMigration(monitor, memory, signal);
  const ended = monitor.nextEvent(isEnd, 'the saved state', { signal, timeoutMs: SAVE_DEADLINE_MS });
  ended.catch(() => undefined);
  try {
    await monitor.execute('migrate', { uri: `unix:${socketName}` }, { signal });
    await awaitMigrated(ended, 'save its state');
  } catch (error) {
    await callOff(monitor).catch(() => undefined); // the machine may be what failed
    throw error;
  }
}

const OVER = new Set<unknown>([undefined, 'none', 'completed', 'failed', 'cancelled']);

async function callOff(monitor: QmpClient): Promise<void> {
  const deadline = { timeoutMs: CALL_OFF_DEADLINE_MS };
  const isOver = ({ event, data }: QmpEvent): boolean => event === 'MIGRATION' && OVER.has(data.status);
  const over = monitor.nextEvent(isOver, 'the end of the cancelled job', deadline);
  over.catch(() => undefined);
  await monitor.execute('migrate_cancel', {}, deadline);
  const { status } = (await monitor.execute('query-migrate', {}, deadline)) as { readonly status?: string };
  if (!OVER.has(status)) await over;
}
