/**
 * Requests in progress and recently finished, by request id. They make a repeated create the same VM: the second
 * request joins the first, or gets its reply. They are only a cache: a shop that lost it asks the plants.
 */
import { createHash } from 'node:crypto';
import {
  BoundedMap,
  type Called,
  type ErrorBody,
  GridError,
  keyText,
  type OperationReply,
  type ProgressEvent,
  type RequestKey,
  requestAmbiguous,
  requestCancelled,
  requestKey,
  type Verb,
} from '@vmgrid/protocol';

export type OperationVerb =
  | Verb
  | 'build-image'
  | 'verify-images'
  | 'verify-equal'
  | 'collect-images'
  | 'import-images';

/** Events of one request that are kept; later ones still reach the listeners. */
export const PROGRESS_KEPT = 4_096;

type Outcome =
  | { readonly state: 'running' }
  | { readonly state: 'done'; readonly result: unknown }
  | { readonly state: 'failed'; readonly error: ErrorBody };

export class Operation {
  readonly requestId: string;
  readonly verb: OperationVerb;
  readonly documentDigest: string;
  readonly #givenUp = Promise.withResolvers<never>();
  readonly #cancelled = new AbortController();
  #settled: Promise<unknown>;
  readonly #progress: ProgressEvent[] = [];
  readonly #seen = new Set<string>();
  readonly #listeners = new Set<(event: ProgressEvent) => void>();
  readonly owner: string | undefined;
  #outcome: Outcome = { state: 'running' };

  constructor(
    identity: RequestKey & { verb: OperationVerb; documentDigest: string },
    work: (operation: Operation) => Promise<unknown>,
  ) {
    this.requestId = identity.requestId;
    this.owner = identity.owner;
    this.verb = identity.verb;
    this.documentDigest = identity.documentDigest;
    this.#settled = this.#run(work);
    this.#settled.catch(() => undefined); // whoever joins sees the error; nobody has to
  }

  /** The result; after a refresh, the refreshed one. */
  get settled(): Promise<unknown> {
    return this.#settled;
  }

  get state(): Outcome['state'] {
    return this.#outcome.state;
  }

  /** Aborts with REQUEST_CANCELLED when the work is cancelled. */
  get cancelled(): AbortSignal {
    return this.#cancelled.signal;
  }

  get key(): RequestKey {
    const { requestId, owner } = this;
    return owner === undefined ? { requestId } : { requestId, owner };
  }

  /** Ends the work. It fails with REQUEST_CANCELLED when it is undone, whatever it came to meanwhile. */
  cancel(): void {
    this.#cancelled.abort(requestCancelled(this.requestId));
  }

  /**
   * Refreshes the result of a finished operation for those who join from now on. An operation that cannot be refreshed
   * counts as failed.
   */
  refresh(bringUpToDate: (result: unknown) => Promise<unknown>): void {
    if (this.#outcome.state !== 'done') return;
    this.#settled = this.#note(bringUpToDate(this.#outcome.result));
    this.#settled.catch(() => undefined);
  }

  /** Answers all waiting clients with an error. The work goes on where it is done. */
  giveUp(error: GridError): void {
    this.#givenUp.reject(error);
  }

  /**
   * Ignores an event that came before: a plant reports to each of its upstreams, and several may lead to the same shop.
   */
  report(event: ProgressEvent): void {
    const key = JSON.stringify([event.at, event.phase, event.subject, event.state]);
    if (this.#seen.has(key)) return;
    if (this.#seen.size < PROGRESS_KEPT) this.#seen.add(key);
    if (this.#progress.length < PROGRESS_KEPT) this.#progress.push(event);
    for (const listener of this.#listeners) listener(event);
  }

  /** Passes on all events so far, then each new one. Returns the function that stops listening. */
  listen(listener: (event: ProgressEvent) => void): () => void {
    for (const event of this.#progress) listener(event);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  toReply(): OperationReply {
    const { requestId, verb } = this;
    return { requestId, verb, progress: [...this.#progress], ...this.#outcome };
  }

  async #run(work: (operation: Operation) => Promise<unknown>): Promise<unknown> {
    await Promise.resolve(); // the operation is registered before its work starts
    const working = this.#unlessCancelled(async () => work(this)); // also of work that throws at once
    return this.#note(Promise.race([this.#givenUp.promise, working]));
  }

  async #unlessCancelled(work: () => Promise<unknown>): Promise<unknown> {
    try {
      this.cancelled.throwIfAborted();
      return await work();
    } catch (error) {
      const isTold = error instanceof GridError && error.code === 'REQUEST_CANCELLED';
      throw this.cancelled.aborted && !isTold ? this.cancelled.reason : error;
    }
  }

  async #note(work: Promise<unknown>): Promise<unknown> {
    try {
      const result = await work;
      this.cancelled.throwIfAborted(); // until this very moment it can be cancelled
      this.#outcome = { state: 'done', result };
      return result;
    } catch (thrown) {
      this.#outcome = { state: 'failed', error: GridError.from(thrown).toBody() };
      throw thrown;
    }
  }
}

export class Operations {
  /** Operations by the text of the request's key. Running ones are never dropped. */
  readonly #byRequest: BoundedMap<string, Operation>;
  /** Operations of every owner, by request id. Clients choose the ids, so several operations may have one. */
  readonly #byId = new Map<string, Set<Operation>>();

  constructor(options: { readonly kept: number }) {
    this.#byRequest = new BoundedMap({ most: options.kept, mayGo: ({ state }) => state !== 'running' });
  }

  /**
   * Starts the work of a request, or joins it when the same request came before. A failed request may be tried again
   * under its id, a cancelled one may not. @throws GridError IDEMPOTENCY_CONFLICT when the id came with another
   * document
   */
  start(
    identity: RequestKey & { verb: OperationVerb; document: unknown },
    work: (operation: Operation) => Promise<unknown>,
  ): Operation {
    const { document, ...named } = identity;
    const { requestId, verb } = named;
    const documentDigest = digestDocument(document);
    const key = keyText(named);
    const before = this.#byRequest.get(key);
    if (before && (before.documentDigest !== documentDigest || before.verb !== verb)) {
      throw new GridError(
        'IDEMPOTENCY_CONFLICT',
        `the request id ${requestId} came with another ${before.verb} before`,
        {
          requestId,
        },
      );
    }
    if (before && (before.state !== 'failed' || before.cancelled.aborted)) return before;
    const operation = new Operation({ ...named, documentDigest }, work);
    this.#add(key, operation);
    return operation;
  }

  /**
   * Returns the caller's own request with this id; for a caller who sees all, else that of its only owner. @throws
   * GridError REQUEST_UNKNOWN, REQUEST_AMBIGUOUS
   */
  get(request: Called<{ readonly requestId: string }>): Operation {
    const { requestId, caller } = request;
    const operation =
      this.find(requestKey(request)) ?? (caller?.sees === 'all' ? this.#anybodys(requestId) : undefined);
    if (!operation) throw new GridError('REQUEST_UNKNOWN', `no request ${requestId} is known here`, { requestId });
    return operation;
  }

  find(key: RequestKey): Operation | undefined {
    return this.#byRequest.get(keyText(key));
  }

  #anybodys(requestId: string): Operation | undefined {
    const alike = [...(this.#byId.get(requestId) ?? [])];
    const owners = alike.map(({ owner }) => owner);
    if (owners.length > 1) throw requestAmbiguous(requestId, owners);
    return alike[0];
  }

  running(): readonly Operation[] {
    return [...this.#byRequest].filter((operation) => operation.state === 'running');
  }

  #add(key: string, operation: Operation): void {
    const before = this.#byRequest.get(key);
    const gone = this.#byRequest.set(key, operation);
    for (const one of before ? [before, ...gone] : gone) this.#forgetId(one);
    const alike = this.#byId.get(operation.requestId);
    if (alike) alike.add(operation);
    else this.#byId.set(operation.requestId, new Set([operation]));
  }

  #forgetId(operation: Operation): void {
    const alike = this.#byId.get(operation.requestId);
    alike?.delete(operation);
    if (alike?.size === 0) this.#byId.delete(operation.requestId);
  }
}

/**
 * SHA-256 over the document with its object keys sorted and without empty lists, so that the same request in XML and in
 * JSON gives the same digest.
 */
function digestDocument(document: unknown): string {
  return createHash('sha256').update(JSON.stringify(document, canonical)).digest('hex');
}

function canonical(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const members = Object.entries(value).filter(([, member]) => !isEmpty(member));
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** XML has no difference between an empty list or record and a missing one, and for the machine they mean the same. */
const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;
