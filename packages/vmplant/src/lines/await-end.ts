import { abortable, isTimeout, within } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';

/**
 * Waits for the end of a machine that was told to end.
 * @throws GridError VMM_FAILED when it goes on for so long, or past a deadline of the signal; else the signal's reason
 */
export async function awaitEnd(exited: Promise<unknown>, withinMs: number, signal: AbortSignal): Promise<void> {
  const deadline = within(signal, withinMs);
  try {
    await abortable(exited, deadline);
  } catch (cause) {
    if (!isTimeout(deadline)) throw cause;
    const message = `the machine was told to end and had not within ${withinMs} ms`;
    throw new GridError('VMM_FAILED', message, { withinMs }, { cause });
  }
}
