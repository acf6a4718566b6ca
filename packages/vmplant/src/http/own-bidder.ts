import type { Bidders } from '@vmgrid/catalogue';
import { abortable, type Log, within } from '@vmgrid/daemon';
import {
  type Bidder,
  type CallOptions,
  GridError,
  type Hello,
  type LinkApi,
  late,
  type PlantApi,
  type PlantHandlers,
} from '@vmgrid/protocol';

export interface OwnBidderDeps {
  readonly handlers: PlantHandlers;
  readonly hello: () => Hello;
  readonly log: Log;
}

/** The plant as its own only bidder: the calls of a shop over a link, made here without one. */
export class OwnBidder implements Bidder, Bidders {
  readonly #handlers: PlantHandlers;
  readonly #hello: () => Hello;
  readonly #log: Log;

  constructor({ handlers, hello, log }: OwnBidderDeps) {
    this.#handlers = handlers;
    this.#hello = hello;
    this.#log = log;
  }

  get hello(): Hello {
    return this.#hello();
  }

  get plantId(): string {
    return this.hello.plantId;
  }

  everyone(): readonly Bidder[] {
    return [this];
  }

  awaited(): readonly string[] {
    return [];
  }

  async find(plantId: string): Promise<Bidder> {
    if (plantId === this.plantId) return this;
    throw new GridError('PLANT_LOST', `the plant ${plantId} is not connected`, { plantId });
  }

  async call<M extends keyof LinkApi>(
    method: M,
    request: Parameters<LinkApi[M]>[0],
    { deadlineMs, signal = new AbortController().signal }: CallOptions,
  ): Promise<ReturnType<LinkApi[M]>> {
    const limit = { ms: deadlineMs, signal, late: late('DEADLINE_EXCEEDED', `${method} did not end`, { method }) };
    try {
      return await within(limit, (until) => abortable(this.#handle(method, request, until), until));
    } catch (error) {
      if (!(error instanceof GridError || signal.aborted))
        this.#log.error({ err: error, method }, 'a call of the own endpoint failed');
      throw error;
    }
  }

  /** A plant has no method of a broker. */
  #handle<M extends keyof LinkApi>(method: M, request: unknown, signal: AbortSignal) {
    const handler = this.#handlers[method as keyof PlantApi];
    return handler(request as never, signal) as Promise<ReturnType<LinkApi[M]>>;
  }
}
