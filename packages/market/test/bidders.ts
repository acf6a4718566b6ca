/** Bidders whose answers and delays the test decides. */
import {
  type Bid,
  type Bidder,
  type CallOptions,
  type CreateRequest,
  type Decline,
  GridError,
  type Hello,
  type Identified,
  type LinkApi,
  type Offer,
} from '@vmgrid/protocol';
import type { VirtualTime } from './virtual-time.ts';

export const request: Identified<CreateRequest> = {
  requestId: 'request-1',
  machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 },
  dag: { actions: [] },
};

export const bid = (plantId: string, cost = 1, ad: Record<string, unknown> = {}): Bid => ({
  kind: 'bid',
  plantId,
  cost,
  validUntil: '2026-01-01T00:01:00.000Z',
  plan: { imageId: 'base', line: 'qemu', start: 'restore', actionsCached: 0, actionsLeft: 0, expectedSeconds: 1 },
  ad,
});

export const decline = (plantId: string, lacking: number): Decline => ({
  kind: 'decline',
  plantId,
  code: 'MEMORY_INSUFFICIENT',
  message: `lacks ${lacking} MiB`,
  details: { lacking },
});

type Behaviour = { readonly afterMs?: number } & (
  | { readonly offer: Offer }
  | { readonly error: unknown }
  | { readonly deaf: true }
);

/** Answers after a while; a deaf one never does, and hears of an abort as little. */
export class FakeBidder implements Bidder {
  readonly plantId: string;
  readonly hello: Hello;
  readonly calls: { readonly method: string; readonly options: CallOptions }[] = [];
  readonly #behaviour: Behaviour;
  readonly #time: VirtualTime;

  constructor(time: VirtualTime, plantId: string, behaviour: Behaviour) {
    this.plantId = plantId;
    this.hello = { plantId, version: '0', ad: {} };
    this.#time = time;
    this.#behaviour = behaviour;
  }

  async call<M extends keyof LinkApi>(
    method: M,
    _request: Parameters<LinkApi[M]>[0],
    options: CallOptions,
  ): Promise<ReturnType<LinkApi[M]>> {
    this.calls.push({ method, options });
    const behaviour = this.#behaviour;
    if ('deaf' in behaviour) return new Promise(() => {});
    if (behaviour.afterMs !== undefined) await this.#sleep(behaviour.afterMs, options);
    if ('error' in behaviour) throw behaviour.error;
    return behaviour.offer as ReturnType<LinkApi[M]>;
  }

  async #sleep(ms: number, { deadlineMs, signal }: CallOptions): Promise<void> {
    await this.#time.sleep(Math.min(ms, deadlineMs), signal);
    if (ms > deadlineMs) throw new GridError('DEADLINE_EXCEEDED', `no answer within ${deadlineMs} ms`);
  }
}
