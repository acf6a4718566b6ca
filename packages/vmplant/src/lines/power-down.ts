import { abortable, isTimeout, within } from '@vmgrid/daemon';

/** The guest's agent, as far as this needs it. */
interface Agent {
  execute(command: string, args: Record<string, unknown>, signal: AbortSignal): Promise<unknown>;
}

/** Asks a guest to power itself off; resolves with whether its machine ended in time. @throws the signal's reason */
export async function powerDown(
  agent: Agent,
  exited: Promise<unknown>,
  graceMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = within(signal, graceMs);
  // The agent answers to a shutdown only if it fails.
  agent.execute('guest-shutdown', { mode: 'powerdown' }, deadline).catch(() => undefined);
  try {
    await abortable(exited, deadline);
    return true;
  } catch (error) {
    if (signal.aborted || !isTimeout(deadline)) throw error;
    return false;
  }
}
