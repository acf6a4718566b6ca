/**
 * Awards a request to the best bid; when the plant refuses, to the next.
 *
 * The same request must never become two VMs. So the award goes on only after an error which says that the plant has
 * not taken the request (`isRefusal`). After any other (the configuration failed, the plant was lost, no answer came in
 * time) the plant may have the VM, and the error goes to the client: the same request id finds or finishes the VM
 * there.
 *
 * A bid is passed over once its time is up by the clock here, so clocks that differ by more than bids are valid lose
 * awards. A plant that holds the request's VM is asked all the same: to pass it over would make a second one.
 */
import { type Bid, type ClassAdJson, GridError, type Trail, type TrailAward } from '@vmgrid/protocol';
import { MARKET_LIMITS } from '../limits.ts';
import type { Auction, MarketDeps } from './auction.ts';
import { isRefusal } from './decline-codes.ts';
import { failureOf } from './failure.ts';

/**
 * Has the plant of a bid create the VM. Rejects with what the plant threw, with `plantNeverAsked` when the award was
 * not sent, else with PLANT_LOST when the plant left and did not come back.
 */
export type CreateAt = (bid: Bid) => Promise<ClassAdJson>;

export interface Awarded {
  readonly plantId: string;
  /** The classad of the running VM. */
  readonly ad: ClassAdJson;
  readonly trail: Trail;
}

interface Refusal {
  readonly plantId: string;
  readonly error: GridError;
}

export interface AwardDeps extends Pick<MarketDeps, 'clock' | 'memory'> {
  readonly createAt: CreateAt;
}

export interface AwardOptions {
  /** Plants asked at most. */
  readonly attempts?: number;
  /** Looked at before each award; an award under way is the business of `CreateAt`. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the trail after each award. */
  awarded?(trail: Trail): void;
}

/**
 * Tries the bids in their order. Every GridError it throws has the trail, with all awards, in its details.
 *
 * @throws GridError what `failureOf` says of an auction without winner; AWARD_REFUSED when all that were tried refused;
 *   CANCELLED; what the plant threw when it took the request and failed
 */
export async function award(
  auction: Auction,
  { createAt, clock, memory }: AwardDeps,
  { attempts = MARKET_LIMITS.awardAttempts, signal, awarded }: AwardOptions = {},
): Promise<Awarded> {
  const failure = failureOf(auction);
  if (failure) throw failure;
  const refusals: Refusal[] = [];
  const awards: TrailAward[] = [];
  const trail = (): Trail => ({ ...auction.trail, awards: [...auction.trail.awards, ...awards] });
  const note = (made: TrailAward): Trail => {
    awards.push(made);
    const soFar = trail();
    awarded?.(soFar);
    return soFar;
  };
  const refused = (plantId: string, error: GridError): void => {
    note({ plantId, outcome: 'refused', code: error.code, message: error.message });
    refusals.push({ plantId, error });
  };
  let asked = 0;
  for (const bid of auction.bids) {
    if (asked === attempts) break;
    const { plantId } = bid;
    if (signal?.aborted) throw withTrail(cancelled(signal), trail());
    const expired = expiry(bid, clock.now());
    if (expired) {
      refused(plantId, expired);
      continue;
    }
    asked += 1;
    try {
      const ad = await createAt(bid);
      memory.succeeded(plantId);
      return { plantId, ad, trail: note({ plantId, outcome: 'accepted' }) };
    } catch (thrown) {
      const error = GridError.from(thrown);
      if (isRefusal(error)) {
        refused(plantId, error);
        continue;
      }
      const soFar = note({ plantId, outcome: 'failed', code: error.code, message: error.message });
      memory.failed(plantId, error);
      throw withTrail(error, soFar);
    }
  }
  throw allRefused(refusals, { untried: auction.bids.length - refusals.length, attempts }, trail());
}

function expiry({ holds, plantId, validUntil }: Bid, now: number): GridError | undefined {
  if (holds === true || now <= Date.parse(validUntil)) return undefined;
  const at = new Date(now).toISOString();
  return new GridError('BID_EXPIRED', `the bid was valid until ${validUntil}; it is ${at}`, {
    plantId,
    validUntil,
    at,
  });
}

function cancelled(signal: AbortSignal): GridError {
  if (signal.reason instanceof GridError) return signal.reason;
  return new GridError('CANCELLED', 'the request was cancelled before the award', {}, { cause: signal.reason });
}

const withTrail = (error: GridError, trail: Trail): GridError =>
  new GridError(error.code, error.message, { ...error.details, trail }, { cause: error });

function allRefused(
  refusals: readonly Refusal[],
  { untried, attempts }: { readonly untried: number; readonly attempts: number },
  trail: Trail,
): GridError {
  const named = refusals.map(({ plantId, error }) => `${plantId}: ${error.code} (${error.message})`);
  const more = untried === 1 ? '1 more bid was' : `${untried} more bids were`;
  const rest = untried > 0 ? `; ${more} not tried, the limit is ${attempts} awards` : '';
  const told = refusals.map(({ plantId, error: { code, message, details } }) => ({ plantId, code, message, details }));
  const details = { refusals: told, untried, trail };
  return new GridError('AWARD_REFUSED', `all plants tried refused the award: ${named.join('; ')}${rest}`, details);
}
