import { DRAIN_DEADLINE_MS } from '@vmgrid/daemon';
import {
  type Called,
  GridError,
  type OperationReply,
  type RequestKey,
  requestCancelled,
  requestKey,
} from '@vmgrid/protocol';
import type { OperationLookup } from './operation-routes.ts';
import type { Operation, Operations, OperationVerb } from './operations.ts';

export interface OperationServiceOptions {
  /** The name of the service in errors, such as `the shop`. */
  readonly name: string;
  readonly newRequestId: () => string;
  /** The creates that were cancelled, also before this process began. Left out: it has none. */
  readonly cancelledCreates?: {
    has(key: RequestKey): boolean;
    add(key: RequestKey): void;
  };
}

/** Work that can be undone amid it, and may take minutes. */
const CANCELLABLE: ReadonlySet<OperationVerb> = new Set<OperationVerb>([
  'create',
  'configure',
  'start',
  'build-image',
  'verify-images',
  'verify-equal',
]);

/**
 * Milliseconds from the stop signal until clients that still wait get an error, early enough for the replies to be
 * sent.
 */
const ANSWER_WITHIN_MS = DRAIN_DEADLINE_MS - 3_000;

/** Accepts work under request ids until its daemon stops. */
export class OperationService implements OperationLookup {
  readonly #operations: Operations;
  readonly #options: OperationServiceOptions;
  readonly #closing = new AbortController();
  #draining = false;

  constructor(operations: Operations, options: OperationServiceOptions) {
    this.#operations = operations;
    this.#options = options;
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Aborts with DRAINING when no answer can be waited for any more. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Returns the request with its id; gives it a new one when it has none. */
  identify<T extends { requestId?: string }>(request: T): T & { requestId: string } {
    return Object.assign(request, { requestId: request.requestId ?? this.#options.newRequestId() });
  }

  /**
   * Starts the work of a request, or joins it when the same request came before. @throws GridError DRAINING,
   * IDEMPOTENCY_CONFLICT, REQUEST_CANCELLED
   */
  begin<T extends Called<{ requestId?: string }>>(
    verb: OperationVerb,
    request: T,
    work: (request: T & { requestId: string }, operation: Operation) => Promise<unknown>,
  ): Operation {
    this.refuseWhenDraining();
    const identified = this.identify(request);
    if (verb === 'create') this.#refuseCancelled(requestKey(identified));
    const { caller: _, ...document } = identified;
    return this.#operations.start({ ...requestKey(identified), verb, document }, (operation) =>
      work(identified, operation),
    );
  }

  /**
   * Waits for an answer outside of any operation. Throws DRAINING, which names the request, when the daemon stops
   * first.
   */
  async answer<T>({ requestId }: { readonly requestId: string }, answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      throw this.#closing.signal.aborted ? this.#shuttingDown(requestId) : error;
    }
  }

  /** @throws GridError REQUEST_UNKNOWN */
  operation(request: Called<{ readonly requestId: string }>): Operation {
    return this.#operations.get(request);
  }

  /**
   * Ends the work of a request; resolves with what came of it when it has ended. Of one that had ended before that is
   * what it came to. @throws GridError REQUEST_UNKNOWN, NOT_CANCELLABLE
   */
  async cancel(request: Called<{ readonly requestId: string }>): Promise<OperationReply> {
    const operation = this.operation(request);
    const { requestId, verb, state } = operation;
    if (state === 'running') {
      if (!CANCELLABLE.has(verb)) {
        throw new GridError('NOT_CANCELLABLE', `${requestId} is a ${verb}, which cannot be cancelled`, {
          requestId,
          verb,
        });
      }
      if (verb === 'create') this.#options.cancelledCreates?.add(operation.key);
      operation.cancel();
    }
    await Promise.allSettled([operation.settled]);
    return operation.toReply();
  }

  #refuseCancelled(key: RequestKey): void {
    if (this.#options.cancelledCreates?.has(key)) throw requestCancelled(key.requestId);
  }

  /** @throws GridError DRAINING */
  refuseWhenDraining(): void {
    if (this.#draining) throw this.#shuttingDown();
  }

  /**
   * Accepts no new work; resolves when all work in progress is settled. After a while the clients that still wait get
   * DRAINING, and the work goes on where it is done.
   */
  async drain(withinMs = ANSWER_WITHIN_MS): Promise<void> {
    this.#draining = true;
    const timer = setTimeout(() => this.#answerAll(), withinMs);
    await Promise.allSettled(this.#operations.running().map((operation) => operation.settled));
    clearTimeout(timer);
    this.#answerAll();
  }

  #answerAll(): void {
    for (const operation of this.#operations.running()) operation.giveUp(this.#shuttingDown(operation.requestId));
    this.#closing.abort(this.#shuttingDown());
  }

  #shuttingDown(requestId?: string): GridError {
    const details = requestId === undefined ? {} : { requestId };
    return new GridError('DRAINING', `${this.#options.name} is shutting down`, details);
  }
}
