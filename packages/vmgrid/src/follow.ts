import { GridError, type ShopClient, type Submitted } from '@vmgrid/protocol';
import { interruptsDuring } from './interrupts.ts';
import type { Output } from './output/output.ts';
import { createProgressDisplay } from './output/progress-display.ts';

/** Exit status of a command that Ctrl-C ended: 128 and the number of SIGINT. */
const INTERRUPTED = 130;

/**
 * Hands work over and follows it to its end, showing its progress; resolves with its result or throws its error. Ctrl-C
 * cancels the work and waits until it is undone; a second one leaves at once.
 */
export function follow<T>(client: ShopClient, submit: () => Promise<Submitted>, output: Output): Promise<T> {
  const submitting = submit();
  const cancel = async () => {
    const { requestId } = await submitting;
    output.note(`cancelling ${requestId}; press Ctrl-C again to leave`);
    await client.cancel(requestId);
  };
  const leave = async () => {
    setImmediate(() => process.exit(INTERRUPTED)); // also when the request was never answered
    const { requestId } = await submitting;
    output.note(`left ${requestId}; \`vmgrid follow ${requestId}\` shows what comes of it`);
  };
  const told = (error: unknown) => output.note(GridError.from(error).message);
  return interruptsDuring([() => cancel().catch(told), () => leave().catch(told)], async () => {
    const submitted = await submitting;
    output.note(`request ${submitted.requestId}`);
    return followToEnd<T>(client, submitted, output.json);
  });
}

/** Follows submitted work to its end. @throws its error */
export async function followToEnd<T>(client: ShopClient, submitted: Submitted, json: boolean): Promise<T> {
  const display = createProgressDisplay(json);
  try {
    for await (const event of client.events(submitted.requestId)) display.show(event);
  } finally {
    display.end();
  }
  const operation = await client.operation(submitted.requestId);
  if (operation.error) throw GridError.fromBody(operation.error);
  if (operation.state !== 'done') {
    throw new GridError(
      'DEADLINE_EXCEEDED',
      `the progress of ${submitted.requestId} broke off while it was ${operation.state}`,
    );
  }
  return operation.result as T;
}
