/** Finds, from the figures of an auction, what a client could change so that its request gets a plant. Pure. */
import type { Decline, TrailRemoval } from '@vmgrid/protocol';
import type { Auction } from './auctions/auction.ts';
import { readComparison } from './auctions/comparison.ts';
import { lacking } from './auctions/nearest.ts';

/** The smallest change that would have made a bid of some of the refusals. */
export interface Change {
  /** How many plants refused for this reason. */
  readonly plants: number;
  readonly reason: string;
  /** The new text for the request. */
  readonly change: string;
  /** The plant that would do then. */
  readonly plantId: string;
}

/** Returns one change for each reason that a change can remove. The reason of most plants comes first. */
export function helpfulChanges({ declines, trail }: Pick<Auction, 'declines' | 'trail'>): Change[] {
  const { summary, removed } = trail;
  const byRoom = summary.declines.flatMap(({ code, count }) => roomChange(code, count, declines));
  const byConditions = summary.removals.flatMap(({ rule, conditions, count }) => {
    const nearest = removed.find((removal) => rule === removal.rule && sameConditions(removal, conditions));
    return nearest ? conditionChange(nearest, count) : [];
  });
  return [...byRoom, ...byConditions].sort((a, b) => b.plants - a.plants);
}

export const changeText = ({ plants, reason, change, plantId }: Change): string =>
  `${plants === 1 ? '1 plant' : `${plants} plants`} ${reason}; smallest change: ${change} (${plantId})`;

/** Fields of the machine that a decline is about, and the least they may be (schemas/create-request.json). */
const FIELDS = {
  MEMORY_INSUFFICIENT: { field: 'memoryMiB', unit: 'MiB of memory', least: 64 },
  DISK_INSUFFICIENT: { field: 'diskMiB', unit: 'MiB of disk', least: 64 },
  CPUS_INSUFFICIENT: { field: 'cpus', unit: 'processors', least: 1 },
} as const;

const fieldOf = (code: string) => (Object.hasOwn(FIELDS, code) ? FIELDS[code as keyof typeof FIELDS] : undefined);

function roomChange(code: string, plants: number, declines: readonly Decline[]): Change[] {
  const field = fieldOf(code);
  const helped = declines
    .filter((decline) => decline.code === code)
    .map((decline) => ({ decline, change: machineChange(decline) }))
    .filter(({ change }) => change !== undefined)
    .sort((a, b) => lacking(a.decline) - lacking(b.decline));
  const [nearest] = helped;
  if (!field || !nearest) return [];
  const { plantId } = nearest.decline;
  return [
    {
      plants,
      reason: `${plants === 1 ? 'lacks' : 'lack'} ${lacking(nearest.decline)} ${field.unit}${plants === 1 ? '' : ' or more'}`,
      change: nearest.change!,
      plantId,
    },
  ];
}

/** Everything that the plant lacks, made as small as it has room for; undefined when that is no machine any more. */
function machineChange({ code, details }: Decline): string | undefined {
  const others = Array.isArray(details.others) ? (details.others as readonly unknown[]) : [];
  const parts = [{ code, ...details }, ...others].map((lack) => {
    const { code: of, available } = lack as { readonly code: string; readonly available?: unknown };
    const field = fieldOf(of);
    return field && typeof available === 'number' && available >= field.least
      ? `${field.field} ≤ ${available}`
      : undefined;
  });
  return parts.includes(undefined) ? undefined : parts.join(' and ');
}

function sameConditions({ conditions = [] }: TrailRemoval, texts: readonly string[]): boolean {
  return conditions.length === texts.length && conditions.every(({ text }, index) => text === texts[index]);
}

function conditionChange({ plantId, conditions }: TrailRemoval, plants: number): Change[] {
  if (!conditions) return [];
  const change = conditions.map((condition) => {
    const comparison = readComparison(condition);
    if (!comparison) return `leave out ${condition.text}`;
    const { reference, operator, actual } = comparison;
    return `${reference} ${operator === '==' ? '==' : operator.startsWith('>') ? '>=' : '<='} ${actual}`;
  });
  const reason = `${plants === 1 ? 'bids but does' : 'bid but do'} not meet ${conditions.map(({ text }) => text).join(' and ')}`;
  return [{ plants, reason, change: change.join(' and '), plantId }];
}
