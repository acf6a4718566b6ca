import { abortable, endsWithin } from '@vmgrid/daemon';
import { GridError, late } from '@vmgrid/protocol';

/** For a guest that is to become an image to write back its disk and power off. */
const LAST_DEADLINE_MS = 60_000;

/** The guest's agent, as far as this needs it. */
interface Agent {
  execute(command: string, args: Record<string, unknown>, signal: AbortSignal): Promise<unknown>;
}

/** Asks a guest to power itself off; resolves with whether its machine ended in time. @throws the signal's reason */
export function powerDown(
  agent: Agent,
  exited: Promise<unknown>,
  graceMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  return endsWithin({ ms: graceMs, signal }, (until) => {
    // The agent answers to a shutdown only if it fails.
    agent.execute('guest-shutdown', { mode: 'powerdown' }, until).catch(() => undefined);
    return abortable(exited, until);
  });
}

/** Has the guest of a build power itself off, its disk written. @throws GridError VMM_FAILED when it does not */
export async function requirePowerDown(agent: Agent, exited: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (await powerDown(agent, exited, LAST_DEADLINE_MS, signal)) return;
  throw late('VMM_FAILED', 'the guest did not power off')(LAST_DEADLINE_MS);
}

/** Why a clone is not frozen, where a build leaves a disk. */
export const notABuild = (): GridError =>
  new GridError('LINE_CANNOT_SUSPEND', 'a clone stands on the disk of its image: only a build becomes one');
