/**
 * One link between a bidder and the side above it, as long as it lasts: calls go down and notices up over the network.
 */
import {
  type Bidder,
  type BidderHandlers,
  type CallOptions,
  type ErrorBody,
  GridError,
  type Hello,
  type LinkApi,
  whenAborted,
} from '@vmgrid/protocol';
import type { Life } from '../world/life.ts';
import type { World } from '../world/world.ts';
import type { Network, Way } from './network.ts';
import { overTheWire } from './wire.ts';

/** The process at one end. */
export interface End {
  readonly name: string;
  readonly life: Life;
}

export interface SessionDeps {
  readonly world: World;
  readonly network: Network;
  readonly upper: End;
  readonly lower: End & { readonly handlers: BidderHandlers };
  readonly hello: Hello;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: GridError): void;
}

type Answer = { readonly value: unknown } | { readonly error: ErrorBody };

export class Session implements Bidder {
  readonly plantId: string;
  readonly hello: Hello;
  readonly #deps: SessionDeps;
  readonly #down: Way;
  readonly #up: Way;
  readonly #pending = new Map<number, Pending>();
  readonly #underWay = new Map<number, AbortController>();
  #nextId = 1;
  #isOpen = true;

  constructor(deps: SessionDeps) {
    const [upper, lower] = [deps.upper.name, deps.lower.name];
    this.#down = { from: upper, to: lower, lastDueAt: 0 };
    this.#up = { from: lower, to: upper, lastDueAt: 0 };
    this.#deps = deps;
    this.hello = deps.hello;
    this.plantId = deps.hello.plantId;
  }

  get ends(): { readonly upper: End; readonly lower: End } {
    return this.#deps;
  }

  async call<M extends keyof LinkApi>(
    method: M,
    request: Parameters<LinkApi[M]>[0],
    { deadlineMs, signal }: CallOptions,
  ): Promise<ReturnType<LinkApi[M]>> {
    const { upper } = this.#deps;
    if (signal?.aborted) throw cancelled(method, signal);
    if (!this.#isOpen) throw lost(this.plantId, 'the link has ended');
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject });
    const sent = overTheWire(request);
    this.#downward(() => this.#receive(id, method, sent));
    const giveUp = (error: GridError) => {
      if (this.#pending.has(id)) this.#downward(() => this.#underWay.get(id)?.abort(error));
      reject(error);
    };
    const abort = () => giveUp(cancelled(method, signal!));
    const late = () => giveUp(new GridError('DEADLINE_EXCEEDED', `${method} had no answer within ${deadlineMs} ms`));
    const takeBack = upper.life.after(deadlineMs, late);
    const stopListening = signal && whenAborted(signal, abort);
    try {
      return (await promise) as ReturnType<LinkApi[M]>;
    } finally {
      takeBack();
      stopListening?.();
      this.#pending.delete(id);
    }
  }

  /**
   * Sends a notice from below; `deliver` is called at the upper end. A lost notice would be missing for good, so it
   * ends the link.
   */
  notify(value: unknown, deliver: (value: never) => void, lost: () => void): void {
    const sent = overTheWire(value);
    this.#upward(() => deliver(sent as never), lost);
  }

  /** Tells both ends that the link is over; everything that waits at either end fails. */
  end(reason: string): void {
    this.#isOpen = false;
    for (const { reject } of this.#pending.values()) reject(lost(this.plantId, reason));
    this.#pending.clear();
    for (const controller of this.#underWay.values())
      controller.abort(new GridError('CANCELLED', 'the link has ended'));
    this.#underWay.clear();
  }

  #receive(id: number, method: keyof LinkApi, sent: unknown): void {
    const { handlers } = this.#deps.lower;
    const controller = new AbortController();
    this.#underWay.set(id, controller);
    const handle = (handlers as Partial<Record<keyof LinkApi, unknown>>)[method] as (
      request: unknown,
      signal: AbortSignal,
    ) => Promise<unknown>;
    const work = async () => handle(sent, controller.signal);
    work()
      .then(
        (value) => ({ value }),
        (error) => ({ error: GridError.from(error).toBody() }),
      )
      .then((answer) => {
        this.#underWay.delete(id);
        this.#answer(id, overTheWire(answer) as Answer);
      });
  }

  #answer(id: number, answer: Answer): void {
    if (!this.#isOpen) return;
    this.#upward(() => {
      if ('error' in answer) this.#pending.get(id)?.reject(GridError.fromBody(answer.error));
      else this.#pending.get(id)?.resolve(answer.value);
    });
  }

  #downward(arrive: () => void): void {
    const { network, lower } = this.#deps;
    network.send(this.#down, () => {
      if (this.#isOpen && lower.life.isAlive) arrive();
    });
  }

  #upward(arrive: () => void, lost?: () => void): void {
    const { network, upper } = this.#deps;
    network.send(
      this.#up,
      () => {
        if (this.#isOpen && upper.life.isAlive) arrive();
      },
      lost,
    );
  }
}

const lost = (plantId: string, reason: string): GridError =>
  new GridError('PLANT_LOST', `the link to ${plantId} ended: ${reason}`, { plantId });

function cancelled(method: string, { reason }: AbortSignal): GridError {
  return reason instanceof GridError ? reason : new GridError('CANCELLED', `${method} was cancelled by its caller`);
}
