/** What a client is told when an auction has no winner. */
import { type AuctionSummary, type Decline, GridError, type Trail } from '@vmgrid/protocol';
import type { Auction } from './auction.ts';
import { type Change, changeText, helpfulChanges } from './changes.ts';
import { MARKET_LIMITS } from './limits.ts';
import { nearestDeclines } from './nearest.ts';

/** Why an auction has no winner: NO_PLANTS, NO_BIDS or NO_PLANT_MATCHES; undefined when it has one. Details hold the trail. */
export function failureOf(auction: Auction): GridError | undefined {
  const { bids, trail } = auction;
  if (bids.length > 0) return undefined;
  const { asked, removals } = trail.summary;
  const lost = brokersWithoutAnswer(trail);
  if (asked === 0 && lost.length === 0) return new GridError('NO_PLANTS', 'no plant is connected', { trail });
  return removals.length > 0 ? noneMatches(auction) : noBids(auction);
}

function noBids({ declines, trail }: Auction): GridError {
  const { asked, silent, failed } = trail.summary;
  const failures = trail.answers.filter(({ outcome }) => outcome === 'failed');
  const parts = [
    ...declineTexts(declines, trail.summary),
    ...(failed > 0 ? [`${failed} failed with ${[...new Set(failures.map(({ code }) => code))].join(', ')}`] : []),
    ...(silent > 0 ? [`${silent} silent`] : []),
    ...brokersWithoutAnswer(trail).map(({ brokerId, outcome, code }) => `the broker ${brokerId} ${code ?? outcome}`),
  ];
  const message = `${asked === 1 ? 'the only plant made' : `${asked} plants made`} no bid: ${parts.join(', ')}`;
  const changes = helpfulChanges({ declines, trail });
  const details = {
    changes,
    declines: declines.map(({ plantId, code, message, details }) => ({ plantId, code, message, details })),
    failed: failures.map(({ plantId, code, message }) => ({ plantId, code, message })),
    silent: trail.answers.filter(({ outcome }) => outcome === 'silent').map(({ plantId }) => plantId),
    trail,
  };
  return new GridError('NO_BIDS', `${message}${advice(changes)}`, details);
}

function noneMatches({ declines, trail }: Auction): GridError {
  const { removed, summary } = trail;
  const total = summary.removals.reduce((sum, { count }) => sum + count, 0);
  const named = removed.slice(0, MARKET_LIMITS.plantsNamed).map(({ plantId, reason }) => `${plantId}: ${reason}`);
  const rest = total > named.length ? [`${total - named.length} more in the trail`] : [];
  const count = total === 1 ? '1 plant bids but does not meet' : `${total} plants bid, none meets`;
  const message = `${count} the requirements: ${[...named, ...rest].join('; ')}`;
  const changes = helpfulChanges({ declines, trail });
  return new GridError('NO_PLANT_MATCHES', `${message}${advice(changes)}`, { changes, removed, trail });
}

const advice = (changes: readonly Change[]): string =>
  changes
    .slice(0, MARKET_LIMITS.plantsNamed)
    .map((change) => `. ${changeText(change)}`)
    .join('');

/** Nobody knows how many plants they have. */
const brokersWithoutAnswer = ({ brokers = [] }: Trail) => brokers.filter(({ outcome }) => outcome !== 'answered');

/** One text per code: how many, and the numbers of the decline that lacks least. */
function declineTexts(declines: readonly Decline[], { declines: counts }: AuctionSummary): string[] {
  const nearest = new Map(nearestDeclines(declines, 1).map((decline) => [decline.code, decline]));
  return counts.map(({ code, count }) => {
    const decline = nearest.get(code);
    const named = count > 1 ? `nearest ${decline?.plantId}: ` : '';
    return `${count} ${code} (${named}${decline?.message})`;
  });
}
