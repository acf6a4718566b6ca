/**
 * Awards a request to the best bid; when the plant refuses, to the next.
 *
 * The same request must never become two VMs. So the award goes on only after an error which says that the plant has not taken
 * the request (`isRefusal`). After any other (the configuration failed, the plant was lost, no answer came in time) the plant
 * may have the VM, and the error goes to the client: the same request id finds or finishes the VM there.
 */
import { type Bid, type ClassAdJson, GridError, type Trail, type TrailAward } from '@vmgrid/protocol';
import type { Auction } from './auction.ts';
import { isRefusal } from './decline-codes.ts';
import { failureOf } from './failure.ts';
import { MARKET_LIMITS } from './limits.ts';
import type { PlantMemory } from './plant-memory.ts';

/**
 * Has the plant of a bid create the VM. Rejects with what the plant threw, with `plantNeverAsked` when the award was not sent,
 * else with PLANT_LOST when the plant left and did not come back.
 */
export type CreateAt = (bid: Bid) => Promise<ClassAdJson>;

export interface Awarded {
  readonly plantId: string;
  /** The classad of the running VM. */
  readonly ad: ClassAdJson;
  readonly trail: Trail;
}

export interface AwardOptions {
  /** Bids tried at most. */
  readonly attempts?: number;
  /** Looked at before each award; an award under way is the business of `CreateAt`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Tries the bids in their order. Every GridError it throws has the trail, with all awards, in its details.
 *
 * @throws GridError what `failureOf` says of an auction without winner; AWARD_REFUSED when all that were tried refused;
 *   CANCELLED; what the plant threw when it took the request and failed
 */
export async function award(
  auction: Auction,
  createAt: CreateAt,
  memory: PlantMemory,
  { attempts = MARKET_LIMITS.awardAttempts, signal }: AwardOptions = {},
): Promise<Awarded> {
  const failure = failureOf(auction);
  if (failure) throw failure;
  const refusals: GridError[] = [];
  const awards: TrailAward[] = [];
  const trail = (): Trail => ({ ...auction.trail, awards: [...auction.trail.awards, ...awards] });
  const tried = auction.bids.slice(0, attempts);
  for (const bid of tried) {
    if (signal?.aborted) throw withTrail(cancelled(signal), trail());
    try {
      const ad = await createAt(bid);
      memory.succeeded(bid.plantId);
      awards.push({ plantId: bid.plantId, outcome: 'accepted' });
      return { plantId: bid.plantId, ad, trail: trail() };
    } catch (thrown) {
      const error = GridError.from(thrown);
      const refused = isRefusal(error);
      awards.push({
        plantId: bid.plantId,
        outcome: refused ? 'refused' : 'failed',
        code: error.code,
        message: error.message,
      });
      if (!refused) {
        memory.failed(bid.plantId, error);
        throw withTrail(error, trail());
      }
      refusals.push(error);
    }
  }
  throw allRefused(tried, refusals, auction.bids.length - tried.length, trail());
}

function cancelled(signal: AbortSignal): GridError {
  if (signal.reason instanceof GridError) return signal.reason;
  return new GridError('CANCELLED', 'the request was cancelled before the award', {}, { cause: signal.reason });
}

const withTrail = (error: GridError, trail: Trail): GridError =>
  new GridError(error.code, error.message, { ...error.details, trail }, { cause: error });

function allRefused(tried: readonly Bid[], refusals: readonly GridError[], untried: number, trail: Trail): GridError {
  const named = refusals.map((error, index) => `${tried[index]!.plantId}: ${error.code} (${error.message})`);
  const more = untried === 1 ? '1 more bid was' : `${untried} more bids were`;
  const rest = untried > 0 ? `; ${more} not tried, the limit is ${tried.length} awards` : '';
  const details = {
    refusals: refusals.map(({ code, message, details }, index) => ({
      plantId: tried[index]!.plantId,
      code,
      message,
      details,
    })),
    untried,
    trail,
  };
  return new GridError('AWARD_REFUSED', `all plants tried refused the award: ${named.join('; ')}${rest}`, details);
}
