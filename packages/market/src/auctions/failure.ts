/** Makes the error for the client when an auction has no winner. */
import { type AuctionSummary, type Decline, GridError, type Trail } from '@vmgrid/protocol';
import { type Change, changeText, helpfulChanges } from '../changes.ts';
import { MARKET_LIMITS } from '../limits.ts';
import { notBack } from '../members/not-back.ts';
import type { Auction } from './auction.ts';
import { nearestDeclines } from './nearest.ts';

/**
 * Why an auction has no winner: NO_PLANTS, NO_BIDS or NO_PLANT_MATCHES; undefined when it has one. Details hold the
 * trail.
 */
export function failureOf(auction: Auction): GridError | undefined {
  const { bids, trail } = auction;
  if (bids.length > 0) return undefined;
  const { asked, removals } = trail.summary;
  const lost = brokersWithoutAnswer(trail);
  if (asked === 0 && lost.every(({ code }) => code === 'NO_PLANTS')) return noPlants(auction);
  return removals.length > 0 ? noneMatches(auction) : noBids(auction);
}

function noPlants({ trail, absent = [] }: Auction): GridError {
  const words = brokersWithoutAnswer(trail).flatMap(({ message }) => message ?? []);
  const reasons = absent.length > 0 ? [notBack(absent)] : words;
  return new GridError('NO_PLANTS', ['no plant is connected', ...reasons].join(': '), { absent, trail });
}

function noBids({ declines, trail, absent = [] }: Auction): GridError {
  const { asked, silent, failed } = trail.summary;
  const failures = trail.answers.filter(({ outcome }) => outcome === 'failed');
  const parts = [
    ...declineTexts(declines, trail.summary),
    ...(failed > 0 ? [`${failed} failed with ${[...new Set(failures.map(({ code }) => code))].join(', ')}`] : []),
    ...(silent > 0 ? [`${silent} silent`] : []),
    ...brokersWithoutAnswer(trail).map(({ brokerId, outcome, code }) => `the broker ${brokerId} ${code ?? outcome}`),
  ];
  const makers =
    asked === 1 ? `the only plant${absent.length > 0 ? ' that is here' : ''} made` : `${asked} plants made`;
  const message = `${makers} no bid: ${parts.join(', ')}${missing(absent)}`;
  const changes = helpfulChanges({ declines, trail });
  const details = {
    changes,
    declines: declines.map(({ plantId, code, message, details }) => ({ plantId, code, message, details })),
    failed: failures.map(({ plantId, code, message }) => ({ plantId, code, message })),
    silent: trail.answers.filter(({ outcome }) => outcome === 'silent').map(({ plantId }) => plantId),
    ...{ absent, trail },
  };
  return new GridError('NO_BIDS', `${message}${advice(changes)}`, details);
}

function noneMatches({ declines, trail, absent = [] }: Auction): GridError {
  const { removed, summary } = trail;
  const total = summary.removals.reduce((sum, { count }) => sum + count, 0);
  const named = removed.slice(0, MARKET_LIMITS.plantsNamed).map(({ plantId, reason }) => `${plantId}: ${reason}`);
  const rest = total > named.length ? [`${total - named.length} more in the trail`] : [];
  const count = total === 1 ? '1 plant bids but does not meet' : `${total} plants bid, none meets`;
  const message = `${count} the requirements: ${[...named, ...rest].join('; ')}${missing(absent)}`;
  const changes = helpfulChanges({ declines, trail });
  return new GridError('NO_PLANT_MATCHES', `${message}${advice(changes)}`, { changes, removed, absent, trail });
}

const missing = (absent: readonly string[]): string => (absent.length > 0 ? `; ${notBack(absent)}` : '');

const advice = (changes: readonly Change[]): string =>
  changes
    .slice(0, MARKET_LIMITS.plantsNamed)
    .map((change) => `. ${changeText(change)}`)
    .join('');

/** Brokers that gave no answer: nobody knows how many plants they have. */
const brokersWithoutAnswer = ({ brokers = [] }: Trail) => brokers.filter(({ outcome }) => outcome !== 'answered');

/** Makes one text per code: the number of declines, and the figures of the decline that lacks least. */
function declineTexts(declines: readonly Decline[], { declines: counts }: AuctionSummary): string[] {
  const nearest = new Map(nearestDeclines(declines, 1).map((decline) => [decline.code, decline]));
  return counts.map(({ code, count }) => {
    const decline = nearest.get(code);
    const named = count > 1 ? `nearest ${decline?.plantId}: ` : '';
    return `${count} ${code} (${named}${decline?.message})`;
  });
}
