/**
 * A suspended clone: its memory and devices are a file in its folder, and it has no process.
 *
 * The file is complete when it has its name, and it loses its name before the machine's processors run again. So it
 * always matches the disk, whenever the plant is killed.
 */
import { access, type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileIfAny, syncDirectory, writeFileAtomically } from '@vmgrid/daemon';
import type { CompatibilityRecord } from '@vmgrid/protocol';
import { FILES } from './layout.ts';
import type { QemuState } from './machine-state.ts';
import type { QmpClient } from './qmp/qmp-client.ts';
import { writeState } from './write-state.ts';

/** Milliseconds for QEMU to let its processors run again. */
const GO_ON_DEADLINE_MS = 5_000;
const INCOMPLETE = `${FILES.suspended}.new`;

export const isSuspended = (directory: string): Promise<boolean> =>
  access(join(directory, FILES.suspended)).then(
    () => true,
    () => false,
  );

/** Writes the state of a machine, which stays stopped. After a failure it runs on without its network. */
export async function keepState(monitor: QmpClient, state: QemuState, signal: AbortSignal): Promise<void> {
  const { directory, compatibility } = state;
  try {
    await writeState(monitor, { ...state, file: INCOMPLETE, memory: 'stream' }, signal);
    await writeFileAtomically(join(directory, FILES.suspendedAs), JSON.stringify(compatibility));
    await rename(join(directory, INCOMPLETE), join(directory, FILES.suspended));
    await syncDirectory(directory);
  } catch (error) {
    await rm(join(directory, INCOMPLETE), { force: true });
    await goOn(monitor).catch(() => undefined); // the machine may be what failed
    throw error;
  }
}

const goOn = (monitor: QmpClient): Promise<unknown> => monitor.execute('cont', {}, { timeoutMs: GO_ON_DEADLINE_MS });

/** Returns the hardware that must be started to resume the state; undefined for a machine that is not suspended. */
export async function suspendedAs(directory: string): Promise<CompatibilityRecord | undefined> {
  if (!(await isSuspended(directory))) return undefined;
  const text = await readFileIfAny(join(directory, FILES.suspendedAs));
  return text === undefined ? undefined : (JSON.parse(text) as CompatibilityRecord);
}

export const openSuspended = (directory: string): Promise<FileHandle> => open(join(directory, FILES.suspended), 'r');

/** Call it before the machine runs: when the state is loaded, or when the machine boots without it. Idempotent. */
export async function forgetSuspended(directory: string): Promise<void> {
  await rm(join(directory, FILES.suspended), { force: true });
  await syncDirectory(directory);
  await rm(join(directory, FILES.suspendedAs), { force: true });
}
