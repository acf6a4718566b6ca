import { abortable, within } from '@vmgrid/daemon';
import { late } from '@vmgrid/protocol';

/**
 * Waits for the end of a machine that was told to end.
 * @throws GridError VMM_FAILED when it still runs after `withinMs`; the signal's reason
 */
export async function awaitEnd(exited: Promise<unknown>, withinMs: number, signal: AbortSignal): Promise<void> {
  const goesOn = late('VMM_FAILED', 'the machine was told to end, but it still ran');
  await within({ ms: withinMs, signal, late: goesOn }, (until) => abortable(exited, until));
}
