import { abortable, endsWithin } from '@vmgrid/daemon';
import { GridError, late } from '@vmgrid/protocol';

/** Milliseconds for a guest that becomes an image to write its disk and power off. */
const LAST_DEADLINE_MS = 60_000;

/** The part of the guest's agent that is needed here. */
interface Agent {
  execute(command: string, args: Record<string, unknown>, signal: AbortSignal): Promise<unknown>;
}

/** A machine that runs: its guest's agent, and what resolves when its process has ended. */
interface Powered {
  readonly agent: Agent;
  readonly exited: Promise<unknown>;
}

/** Asks a guest to power itself off; resolves with whether its machine ended in time. @throws the signal's reason */
export function powerDown({ agent, exited }: Powered, graceMs: number, signal: AbortSignal): Promise<boolean> {
  return endsWithin({ ms: graceMs, signal }, (until) => {
    // The agent answers a shutdown only if it fails.
    agent.execute('guest-shutdown', { mode: 'powerdown' }, until).catch(() => undefined);
    return abortable(exited, until);
  });
}

/** Lets the guest of a build write its disk and power itself off. @throws GridError VMM_FAILED when it does not */
export async function requirePowerDown(machine: Powered, signal: AbortSignal): Promise<void> {
  if (await powerDown(machine, LAST_DEADLINE_MS, signal)) return;
  throw late('VMM_FAILED', 'the guest did not power off')(LAST_DEADLINE_MS);
}

/** Makes the error for freezing a clone where a line can only freeze builds. */
export const notABuild = (): GridError =>
  new GridError('LINE_CANNOT_SUSPEND', 'a clone stands on the disk of its image: only a build becomes one');
