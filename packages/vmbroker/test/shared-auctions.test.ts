import { expect, test } from '@jest/globals';
import type { BrokerBids, Call } from '@vmgrid/protocol';
import { request } from '../../market/test/bidders.ts';
import { SharedAuctions } from '../src/shared-auctions.ts';

const call = (path: string[], openedAt = '2026-01-01T00:00:00.000Z'): Call => ({
  ...request,
  terms: { openedAt, windowMs: 1_000, best: 3, order: 'cheapest', inBackoff: [], path },
});
const never = new AbortController().signal;

/** Auctions that end when they are told to. */
class Holding {
  readonly auctions: (PromiseWithResolvers<BrokerBids> & { readonly signal: AbortSignal })[] = [];

  readonly hold = (signal: AbortSignal): Promise<BrokerBids> => {
    const auction = { ...Promise.withResolvers<BrokerBids>(), signal };
    this.auctions.push(auction);
    signal.addEventListener('abort', () => auction.reject(signal.reason));
    return auction.promise;
  };
}

const answer = { kind: 'bids', plantId: 'broker' } as BrokerBids;

test('an auction that comes by two ways is held once, and answers who calls while it is held and afterwards', async () => {
  const shared = new SharedAuctions();
  const { auctions, hold } = new Holding();
  const calls = [shared.join(call(['one']), never, hold), shared.join(call(['other']), never, hold)];
  auctions[0]!.resolve(answer);
  calls.push(shared.join(call(['a', 'third']), never, hold));
  expect([await Promise.all(calls), auctions.length]).toEqual([[answer, answer, answer], 1]);
});

test('another auction of the same request is held anew, and so is one that has failed', async () => {
  const shared = new SharedAuctions();
  const { auctions, hold } = new Holding();
  const first = shared.join(call(['one']), never, hold);
  auctions[0]!.reject(new Error('no plant yet'));
  await expect(first).rejects.toThrow('no plant yet');
  void shared.join(call(['one']), never, hold);
  void shared.join(call(['one'], '2026-01-01T00:00:01.000Z'), never, hold);
  expect(auctions).toHaveLength(3);
});

test('an auction is given up when the last of those who called gives up', async () => {
  const shared = new SharedAuctions();
  const { auctions, hold } = new Holding();
  const [one, other] = [new AbortController(), new AbortController()];
  const calls = [one, other].map(({ signal }, way) => shared.join(call([`way-${way}`]), signal, hold));
  one.abort(new Error('closed'));
  expect(auctions[0]!.signal.aborted).toBe(false);
  other.abort(new Error('closed, too'));
  await expect(Promise.all(calls)).rejects.toThrow('closed, too');
  const again = shared.join(call(['one']), never, hold);
  auctions[1]!.resolve(answer);
  expect(await again).toBe(answer);
});
