/** From the answers to a call for bids, of plants and of brokers, to bids and the first half of the trail: pure. */
import { declineOf } from '@vmgrid/bidding';
import type {
  AuctionSummary,
  Bid,
  BrokerBids,
  Decline,
  TrailAnswer,
  TrailBroker,
  TrailRemoval,
} from '@vmgrid/protocol';
import type { Answer } from './call-for-bids.ts';
import { DECLINE_CODES } from './decline-codes.ts';
import { addSummaries, NO_ANSWERS } from './summary.ts';

export interface CollectedAnswers {
  /** One per plant: of those that came more than one way the one that came the shortest. */
  readonly bids: readonly Bid[];
  readonly declines: readonly Decline[];
  readonly answers: readonly TrailAnswer[];
  readonly brokers: readonly TrailBroker[];
  /** Taken out by brokers already. */
  readonly removed: readonly TrailRemoval[];
  readonly summary: AuctionSummary;
}

/** `standing`: what standing offers said beside those that were asked. */
export function collectAnswers(answers: readonly Answer[], standing: readonly AnswerPart[] = []): CollectedAnswers {
  const asked = answers.map((answer) =>
    answer.isBroker ? answerOfBroker(answer) : answerOfPlant(thrownDecline(answer)),
  );
  const parts = [...standing, ...asked];
  return {
    bids: oneOfEachPlant(parts.flatMap(({ bids }) => bids)),
    declines: parts.flatMap(({ declines }) => declines),
    answers: parts.flatMap(({ trail }) => trail),
    brokers: parts.flatMap(({ brokers }) => brokers),
    removed: parts.flatMap(({ removed }) => removed),
    summary: addSummaries(parts.map(({ summary }) => summary)),
  };
}

export interface AnswerPart extends Pick<CollectedAnswers, 'declines' | 'brokers' | 'removed' | 'summary'> {
  readonly bids: readonly { readonly bid: Bid; readonly hops: number }[];
  readonly trail: readonly TrailAnswer[];
}

export const NOTHING: AnswerPart = { bids: [], declines: [], trail: [], brokers: [], removed: [], summary: NO_ANSWERS };

/** A plant may decline by an answer or by an error; both are the same. */
function thrownDecline(answer: Answer): Answer {
  if (answer.outcome !== 'failed' || !DECLINE_CODES.has(answer.error.code)) return answer;
  const { plantId, elapsedMs, error } = answer;
  return { plantId, elapsedMs, outcome: 'offer', offer: declineOf(plantId, error) };
}

export function answerOfPlant(answer: Answer): AnswerPart {
  const { plantId, elapsedMs } = answer;
  const asked = { ...NO_ANSWERS, asked: 1 };
  if (answer.outcome === 'silent') {
    return { ...NOTHING, trail: [{ plantId, outcome: 'silent', elapsedMs }], summary: { ...asked, silent: 1 } };
  }
  if (answer.outcome === 'failed') {
    const { code, message } = answer.error;
    const trail: TrailAnswer[] = [{ plantId, outcome: 'failed', elapsedMs, code, message }];
    return { ...NOTHING, trail, summary: { ...asked, failed: 1 } };
  }
  const { offer } = answer;
  if (offer.kind === 'bid') {
    const { cost, plan } = offer;
    const trail: TrailAnswer[] = [{ plantId, outcome: 'bid', elapsedMs, cost, plan }];
    return { ...NOTHING, bids: [{ bid: offer, hops: 0 }], trail, summary: { ...asked, bids: 1 } };
  }
  if (offer.kind === 'bids') throw new Error(`${plantId} answers for others but is no broker`);
  const { code, message } = offer;
  const trail: TrailAnswer[] = [{ plantId, outcome: 'decline', elapsedMs, code, message }];
  return { ...NOTHING, declines: [offer], trail, summary: { ...asked, declines: [{ code, count: 1 }] } };
}

function answerOfBroker(answer: Answer): AnswerPart {
  const { plantId: brokerId, elapsedMs } = answer;
  if (answer.outcome === 'silent') return { ...NOTHING, brokers: [{ brokerId, outcome: 'silent', elapsedMs }] };
  if (answer.outcome === 'failed' || answer.offer.kind !== 'bids') {
    const { code, message } = answer.outcome === 'failed' ? answer.error : (answer.offer as Decline);
    return { ...NOTHING, brokers: [{ brokerId, outcome: 'failed', elapsedMs, code, message }] };
  }
  return answerThrough(brokerId, elapsedMs, answer.offer);
}

function answerThrough(brokerId: string, elapsedMs: number, offer: BrokerBids): AnswerPart {
  const { bids, declines, closedBy, summary, answers, removed, brokers } = offer;
  const through = <T extends { readonly via?: string[] }>(one: T): T => ({
    ...one,
    via: [brokerId, ...(one.via ?? [])],
  });
  const hops = new Map(answers.map(({ plantId, via = [] }) => [plantId, via.length + 1]));
  return {
    bids: bids.map((bid) => ({ bid, hops: hops.get(bid.plantId) ?? 1 })),
    declines,
    trail: answers.map(through),
    brokers: [{ brokerId, outcome: 'answered', elapsedMs, closedBy, summary }, ...brokers.map(through)],
    removed,
    summary,
  };
}

function oneOfEachPlant(bids: AnswerPart['bids']): Bid[] {
  const best = new Map<string, AnswerPart['bids'][number]>();
  for (const heard of bids) {
    const known = best.get(heard.bid.plantId);
    if (!known || heard.hops < known.hops) best.set(heard.bid.plantId, heard);
  }
  return [...best.values()].map(({ bid }) => bid);
}
