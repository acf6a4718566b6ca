/** What a client is told when an auction has no winner. */
import { type Decline, GridError, type TrailAnswer } from '@vmgrid/protocol';
import type { Auction } from './auction.ts';
import { MARKET_LIMITS } from './limits.ts';

/** Why an auction has no winner: NO_PLANTS, NO_BIDS or NO_PLANT_MATCHES; undefined when it has one. Details hold the trail. */
export function failureOf(auction: Auction): GridError | undefined {
  const { bids, trail } = auction;
  if (bids.length > 0) return undefined;
  if (trail.answers.length === 0) return new GridError('NO_PLANTS', 'no plant is connected', { trail });
  return trail.removed.length > 0 ? noneMatches(auction) : noBids(auction);
}

function noBids({ declines, trail }: Auction): GridError {
  const silent = plantsThat('silent', trail.answers);
  const failed = trail.answers.filter(({ outcome }) => outcome === 'failed');
  const parts = [
    ...declineTexts(declines),
    ...failureTexts(failed),
    ...(silent.length > 0 ? [`${silent.length} silent`] : []),
  ];
  const count = trail.answers.length;
  const message = `${count === 1 ? 'the only plant made' : `${count} plants made`} no bid: ${parts.join(', ')}`;
  const details = {
    declines: declines.map(({ plantId, code, message, details }) => ({ plantId, code, message, details })),
    failed: failed.map(({ plantId, code, message }) => ({ plantId, code, message })),
    silent,
    trail,
  };
  return new GridError('NO_BIDS', message, details);
}

function noneMatches({ trail }: Auction): GridError {
  const { removed } = trail;
  const named = removed.slice(0, MARKET_LIMITS.plantsNamed).map(({ plantId, reason }) => `${plantId}: ${reason}`);
  const rest = removed.length > named.length ? [`${removed.length - named.length} more in the trail`] : [];
  const count = removed.length === 1 ? '1 plant bids but does not meet' : `${removed.length} plants bid, none meets`;
  const message = `${count} the requirements: ${[...named, ...rest].join('; ')}`;
  return new GridError('NO_PLANT_MATCHES', message, { removed, trail });
}

const plantsThat = (wanted: TrailAnswer['outcome'], answers: readonly TrailAnswer[]): string[] =>
  answers.filter(({ outcome }) => outcome === wanted).map(({ plantId }) => plantId);

/** One text per code: how many, and the numbers of the decline that lacks least. */
function declineTexts(declines: readonly Decline[]): string[] {
  return [...Map.groupBy(declines, ({ code }) => code)].map(([code, group]) => {
    const nearest = group.reduce((best, other) => (lacking(other) < lacking(best) ? other : best));
    return `${group.length} ${code} (${group.length > 1 ? `nearest ${nearest.plantId}: ` : ''}${nearest.message})`;
  });
}

const lacking = ({ details }: Decline): number =>
  typeof details.lacking === 'number' ? details.lacking : Number.POSITIVE_INFINITY;

const failureTexts = (failed: readonly TrailAnswer[]): string[] =>
  [...Map.groupBy(failed, ({ code }) => code)].map(([code, group]) => `${group.length} failed with ${code}`);
