/** ISO 8601 durations in days, hours, minutes and seconds, as the schema `Duration` accepts them. */
import { type Dag, Duration } from '@vmgrid/dag';
import { GridError } from '../errors/grid-error.ts';
import { REQUEST_LIMITS } from '../limits.ts';
import { follows } from '../schema/validation/validator.ts';

const PARTS = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?$/;
const PART_MS = [86_400_000, 3_600_000, 60_000, 1_000] as const;

/**
 * Parses a duration such as `PT4H` or `P1DT2H30M0.5S` to milliseconds. Throws GridError DURATION_INVALID for any other
 * text.
 */
export function parseDuration(text: string): number {
  const parts = follows(Duration, text) ? PARTS.exec(text) : null;
  if (parts === null) {
    throw new GridError('DURATION_INVALID', `${JSON.stringify(text.slice(0, 40))} is not a duration such as PT90S`, {
      duration: text.slice(0, 40),
    });
  }
  const milliseconds = PART_MS.reduce((sum, unit, index) => sum + Number(parts[index + 1] ?? 0) * unit, 0);
  return Math.round(milliseconds);
}

/** Writes whole milliseconds as the shortest duration, such as `PT90S`. */
export const formatDuration = (milliseconds: number): string => `PT${milliseconds / 1_000}S`;

/** Throws GridError DURATION_INVALID unless 0 < duration ≤ `limitMs`. The message names the `field`. */
export function checkDuration(field: string, text: string, limitMs: number): void {
  const milliseconds = parseDuration(text);
  if (milliseconds > 0 && milliseconds <= limitMs) return;
  const limit = formatDuration(limitMs);
  throw new GridError('DURATION_INVALID', `${field} is ${text}, but must be longer than nothing and at most ${limit}`, {
    field,
    duration: text,
    limit,
  });
}

/** Checks every action's time limit and freshness. */
export function checkActionDurations(field: string, dag: Dag): void {
  for (const [index, { timeout, freshness }] of dag.actions.entries()) {
    const path = `${field}.actions[${index}]`;
    if (timeout !== undefined) checkDuration(`${path}.timeout`, timeout, REQUEST_LIMITS.actionTimeoutMaxMs);
    if (freshness !== undefined) checkDuration(`${path}.freshness`, freshness, REQUEST_LIMITS.freshnessMaxMs);
  }
}
