/** Calls for long work, which outlive the link that they went over. */
import { type MarketDeps, type Membership, plantNeverAsked } from '@vmgrid/market';
import { type Bidder, callCancellably, GridError, type LongMethod, type PlantApi } from '@vmgrid/protocol';
import type { ShopConfig } from '../config.ts';

export interface LongCall<M extends LongMethod> {
  readonly plantId: string;
  readonly method: M;
  readonly request: Parameters<PlantApi[M]>[0];
  /** Aborts when the work is cancelled: then its plant is to undo it, and is not waited for while it is away. */
  readonly cancelled: AbortSignal;
}

interface CallToEndDeps {
  readonly membership: Pick<Membership, 'find' | 'awaitReturn'>;
  readonly clock: Pick<MarketDeps['clock'], 'monotonic'>;
}

/**
 * When the plant or the way to it is lost amid the call, takes another way or waits for its return, and asks
 * again: all calls are idempotent. @throws GridError PLANT_LOST with `asked: false` when no call ever got to the plant;
 * what `cancelled` aborts with
 */
export async function callToEnd<M extends LongMethod>(
  { membership, clock }: CallToEndDeps,
  { plantId, method, request, cancelled: signal }: LongCall<M>,
  { requestDeadlineMs, plantReturnMs }: Pick<ShopConfig, 'requestDeadlineMs' | 'plantReturnMs'>,
): Promise<ReturnType<PlantApi[M]>> {
  const endsAt = clock.monotonic() + requestDeadlineMs;
  const tried = new Set<Bidder>();
  let asked = false;
  let bidder = membership.find(plantId);
  while (bidder) {
    try {
      const deadlineMs = Math.max(1, endsAt - clock.monotonic());
      return await callCancellably(bidder, { method, request }, { deadlineMs, signal });
    } catch (error) {
      if (!(error instanceof GridError) || error.code !== 'PLANT_LOST') throw error;
      tried.add(bidder);
      asked ||= error.details.asked !== false;
      bidder = asked
        ? await membership.awaitReturn(plantId, plantReturnMs, { except: tried, signal })
        : membership.find(plantId, { except: tried });
    }
  }
  throw plantNeverAsked(plantId);
}
