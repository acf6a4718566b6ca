import type { LongMethod, PlantApi } from '../bidder.ts';
import type { Bidder, CallOptions } from '../link.ts';
import { whenAborted } from './when-aborted.ts';

/** How long a plant may take to undo what was cancelled. A destruction DAG may be part of that. */
export const CANCEL_DEADLINE_MS = 120_000;

/**
 * A call for work that may be cancelled. A call that is given up does not end the work, since its client may ask again.
 * When this signal aborts, the plant is told to cancel the work, and is waited for until it is undone or cannot be
 * reached.
 * @throws as `call` does; what the signal aborts with, whatever the work came to
 */
export async function callCancellably<M extends LongMethod>(
  bidder: Bidder,
  { method, request }: { readonly method: M; readonly request: Parameters<PlantApi[M]>[0] },
  { deadlineMs, signal }: Pick<CallOptions, 'deadlineMs'> & { readonly signal: AbortSignal },
): Promise<ReturnType<PlantApi[M]>> {
  signal.throwIfAborted();
  const { promise: undone, reject } = Promise.withResolvers<never>();
  undone.catch(() => undefined);
  const cancel = async () => {
    const { requestId, caller } = request;
    const work = { method, requestId, ...(caller && { caller }) };
    await bidder.call('cancel', work, { deadlineMs: CANCEL_DEADLINE_MS }).catch(() => undefined);
    reject(signal.reason);
  };
  const forget = whenAborted(signal, cancel);
  try {
    const reply = await Promise.race([bidder.call(method, request, { deadlineMs }), undone]);
    return signal.aborted ? await undone : reply;
  } catch (error) {
    throw signal.aborted ? await undone : error;
  } finally {
    forget();
  }
}
