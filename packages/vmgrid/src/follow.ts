import { GridError, type ShopClient, type Submitted } from '@vmgrid/protocol';
import { createProgressDisplay } from './output/progress-display.ts';

/** Follows submitted work to its end and shows its progress; resolves with its result or throws its error. */
export async function follow<T>(client: ShopClient, submitted: Submitted, json: boolean): Promise<T> {
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
