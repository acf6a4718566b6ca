/** Asks every bidder at once and closes by a named rule. */
import { runInSlices } from '@vmgrid/daemon';
import { areLarge, type Bidder, type BrokerBids, type Call, GridError, type Offer } from '@vmgrid/protocol';
import { MARKET_LIMITS } from '../limits.ts';
import type { MarketClock } from '../market-clock.ts';
import { readOffer } from './read-offer.ts';

/** The answer of one bidder when the call closed. */
export type Answer = { readonly plantId: string; readonly isBroker?: true; readonly elapsedMs: number } & (
  | { readonly outcome: 'offer'; readonly offer: Offer | BrokerBids }
  | { readonly outcome: 'failed'; readonly error: GridError }
  | { readonly outcome: 'silent' }
);

export interface Gathering {
  /** Everyone who was waited for has answered, or the time was up. */
  readonly closedBy: 'all-answered' | 'deadline';
  readonly closedAfterMs: number;
  /** One per bidder, in the order of the bidders. */
  readonly answers: readonly Answer[];
}

export interface CallForBids {
  readonly bidders: readonly Bidder[];
  /** Makes the call for one bidder. */
  readonly callTo: (bidder: Bidder) => Call;
  /** How long the call stays open at most. */
  readonly deadlineMs: number;
  /** Bidders that are asked but not waited for; where it names all of them, all are. */
  readonly isAwaited: (plantId: string) => boolean;
  /** Gives the call up. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks every bidder for an estimate, all at once, and resolves when all that are awaited answered, at the deadline at
 * the latest. Closing cancels the calls still open; what they bring later is ignored. A bidder that fails is an answer
 * too.
 *
 * @throws GridError CANCELLED (or the signal's own GridError) when the signal aborts
 */
export async function callForBids(call: CallForBids, clock: MarketClock): Promise<Gathering> {
  throwIfGivenUp(call.signal);
  if (call.bidders.length === 0) return { closedBy: 'all-answered', closedAfterMs: 0, answers: [] };
  const closing = new AbortController();
  const openedAt = clock.monotonic();
  const heard = new Map<Bidder, Answer>();
  const { signal } = closing;
  const giveUp = () => closing.abort(call.signal?.reason);
  call.signal?.addEventListener('abort', giveUp);
  try {
    const hearOf = async (bidder: Bidder): Promise<void> => {
      const answer = await ask(bidder, call, signal);
      if (!signal.aborted) heard.set(bidder, { ...nameOf(bidder), ...answer, elapsedMs: clock.monotonic() - openedAt });
    };
    const asked = await runInSlices(asking(call, hearOf), { sliceMs: MARKET_LIMITS.sliceMs }, clock);
    const awaited = asked.filter((_, index) => call.isAwaited(call.bidders[index]!.plantId));
    const closedBy = await closingRule(
      awaited.length > 0 ? awaited : asked,
      { deadlineMs: call.deadlineMs, signal },
      clock,
    );
    throwIfGivenUp(call.signal);
    const closedAfterMs = clock.monotonic() - openedAt;
    const silent = (bidder: Bidder): Answer => ({ ...nameOf(bidder), outcome: 'silent', elapsedMs: closedAfterMs });
    return { closedBy, closedAfterMs, answers: call.bidders.map((bidder) => heard.get(bidder) ?? silent(bidder)) };
  } finally {
    call.signal?.removeEventListener('abort', giveUp);
    closing.abort(new GridError('CANCELLED', 'the auction has closed'));
  }
}

/** A step for each bidder, to which a large request takes milliseconds to send; and one to write it. */
function* asking(
  { bidders, callTo }: CallForBids,
  hearOf: (bidder: Bidder) => Promise<void>,
): Generator<undefined, readonly Promise<void>[]> {
  const asked: Promise<void>[] = [];
  for (const bidder of bidders) {
    if (areLarge(callTo(bidder))) yield;
    asked.push(hearOf(bidder));
    yield;
  }
  return asked;
}

/** Resolves with the rule that closes the call; early, too, when the signal aborts. */
async function closingRule(
  awaited: readonly Promise<void>[],
  { deadlineMs, signal }: { readonly deadlineMs: number; readonly signal: AbortSignal },
  clock: MarketClock,
): Promise<Gathering['closedBy']> {
  const allAnswered = Promise.all(awaited).then(() => 'all-answered' as const);
  const deadline = clock.sleep(deadlineMs, signal).then(
    () => 'deadline' as const,
    () => 'deadline' as const,
  );
  return Promise.race([allAnswered, deadline]);
}

const nameOf = ({ plantId, hello }: Bidder): Pick<Answer, 'plantId' | 'isBroker'> =>
  hello.role === 'broker' ? { plantId, isBroker: true } : { plantId };

type Said =
  | { readonly outcome: 'offer'; readonly offer: Offer | BrokerBids }
  | { readonly outcome: 'failed'; readonly error: GridError }
  | { readonly outcome: 'silent' };

/** Never rejects. */
async function ask(bidder: Bidder, { callTo, deadlineMs }: CallForBids, signal: AbortSignal): Promise<Said> {
  try {
    const options = { deadlineMs: deadlineMs + MARKET_LIMITS.callGraceMs, signal };
    return { outcome: 'offer', offer: readOffer(bidder, await bidder.call('estimate', callTo(bidder), options)) };
  } catch (thrown) {
    const error = GridError.from(thrown);
    return error.code === 'DEADLINE_EXCEEDED' ? { outcome: 'silent' } : { outcome: 'failed', error };
  }
}

function throwIfGivenUp(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  if (signal.reason instanceof GridError) throw signal.reason;
  throw new GridError('CANCELLED', 'the auction was cancelled', {}, { cause: signal.reason });
}
