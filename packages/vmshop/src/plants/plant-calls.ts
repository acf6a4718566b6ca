/** How the shop asks plants: what they know by heart, who has a VM, and for long work. */
import type { MarketDeps, Membership, Roll } from '@vmgrid/market';
import {
  askAll,
  askUntilFirst,
  type Called,
  type CallOptions,
  type LongMethod,
  type PlantApi,
  type QueryRequest,
} from '@vmgrid/protocol';
import type { ShopConfig } from '../config.ts';
import { callToEnd, type LongCall } from './call-to-end.ts';

/** How long a plant may take to answer what it knows by heart. */
const QUESTION_DEADLINE_MS = 10_000;

/** How long plants may take to find a VM that none of them has told of. */
const SEARCH_DEADLINE_MS = 2_000;

type PlantRequest<M extends keyof PlantApi> = Parameters<PlantApi[M]>[0];

export interface PlantCallsDeps {
  readonly membership: Membership;
  readonly roll: Roll;
  readonly clock: MarketDeps['clock'];
  /** Fires when the shop closes. */
  readonly signal: AbortSignal;
}

export class PlantCalls {
  readonly #deps: PlantCallsDeps;
  readonly #config: Pick<ShopConfig, 'requestDeadlineMs' | 'plantReturnMs'>;
  /** For what a plant knows by heart. */
  readonly question: CallOptions;

  constructor(deps: PlantCallsDeps, config: Pick<ShopConfig, 'requestDeadlineMs' | 'plantReturnMs'>) {
    this.#deps = deps;
    this.#config = config;
    this.question = { deadlineMs: QUESTION_DEADLINE_MS, signal: deps.signal };
  }

  /** @throws GridError PLANT_LOST */
  async ask<M extends keyof PlantApi>(plantId: string, method: M, request: PlantRequest<M>) {
    const { roll, signal } = this.#deps;
    const bidder = await roll.find(plantId, { waitMs: QUESTION_DEADLINE_MS, signal });
    return bidder.call(method, request, this.question);
  }

  /** An answer of some is an answer: those who are absent are named, and not waited for. */
  askAll<M extends keyof PlantApi>(method: M, request: PlantRequest<M>) {
    return askAll(this.#deps.roll.everyone(), { method, request }, this.question);
  }

  /** Asks whoever may have a VM: those who are absent are waited for. */
  search(request: Called<QueryRequest>) {
    const everyone = this.#deps.roll.everyone({ waitMs: QUESTION_DEADLINE_MS });
    return askUntilFirst(everyone, { method: 'query', request }, { ...this.question, deadlineMs: SEARCH_DEADLINE_MS });
  }

  /** A call to one plant and no other: waits for it when it is absent. `prepare`: done once it is here. */
  async callBack<M extends LongMethod>(call: LongCall<M>, prepare: () => Promise<void>) {
    const { roll, signal } = this.#deps;
    const until = AbortSignal.any([signal, call.cancelled]);
    await roll.find(call.plantId, { waitMs: this.#config.requestDeadlineMs, signal: until });
    await prepare();
    return this.callToEnd(call);
  }

  callToEnd<M extends LongMethod>(call: LongCall<M>) {
    return callToEnd(this.#deps, call, this.#config);
  }
}
