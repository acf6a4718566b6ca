/** Ends work that its owner cancelled. Work that is merely no longer waited for goes on. */
import { type GridError, keyText, type LongMethod, type RequestKey, requestCancelled } from '@vmgrid/protocol';
import type { Collector } from '../lifecycle/collector.ts';
import type { VmRegistry } from '../vms/vm-registry.ts';
import type { CancelledRequests } from './cancelled-requests.ts';

export interface CancellerDeps {
  readonly cancelled: Pick<CancelledRequests, 'has' | 'add' | 'refusal'>;
  readonly registry: Pick<VmRegistry, 'all' | 'byRequest'>;
  readonly collector: Pick<Collector, 'collect'>;
}

interface UnderWay {
  readonly controller: AbortController;
  /** The calls that wait for it. */
  readonly calls: Set<Promise<unknown>>;
}

export class Canceller {
  readonly #deps: CancellerDeps;
  readonly #underWay = new Map<string, UnderWay>();

  constructor(deps: CancellerDeps) {
    this.#deps = deps;
  }

  /**
   * Does work that may be cancelled: its signal aborts then. Calls for the same work have one signal. @throws GridError
   * REQUEST_CANCELLED
   */
  async during<T>(method: LongMethod, key: RequestKey, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const refusal = this.refusal(key);
    if (refusal) throw refusal;
    const text = textOf(method, key);
    const underWay = this.#underWay.get(text) ?? { controller: new AbortController(), calls: new Set() };
    this.#underWay.set(text, underWay);
    const { controller, calls } = underWay;
    const call = work(controller.signal);
    calls.add(call);
    try {
      return await call;
    } finally {
      calls.delete(call);
      if (calls.size === 0) this.#underWay.delete(text);
    }
  }

  /** Why a request is not carried out. */
  refusal(key: RequestKey): GridError | undefined {
    return this.#deps.cancelled.refusal(key);
  }

  /**
   * Resolves when the work is undone. Of a create this is remembered first, and the VM that was made all the same goes
   * too.
   */
  async cancel(method: LongMethod, key: RequestKey): Promise<void> {
    const isCreate = method === 'create';
    if (isCreate) this.#deps.cancelled.add(key);
    const underWay = this.#underWay.get(textOf(method, key));
    underWay?.controller.abort(requestCancelled(key.requestId));
    await Promise.allSettled(underWay?.calls ?? []);
    if (isCreate) await this.#collectVm(key);
  }

  /** Takes away the VMs of requests whose cancellation the end of the process cut off. */
  async finish(): Promise<void> {
    const left = this.#deps.registry.all().filter((record) => this.#deps.cancelled.has(record));
    await Promise.all(left.map((record) => this.#collectVm(record)));
  }

  async #collectVm(key: RequestKey): Promise<void> {
    const { registry, collector } = this.#deps;
    const record = registry.byRequest(key);
    if (record) await collector.collect(record.vmId, key);
  }
}

const textOf = (method: LongMethod, key: RequestKey): string => `${method} ${keyText(key)}`;
