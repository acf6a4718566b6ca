import type { Action } from '@vmgrid/dag';

/** Measured durations of starts and actions, for pricing plans in expected seconds. */
export interface Durations {
  /** Returns the mean seconds of the first key that has been measured; undefined when none has. */
  expect(...keys: readonly string[]): number | undefined;
  /** Returns the least expected time of any start of this kind; undefined when none has been measured. */
  least(start: 'restore' | 'boot'): number | undefined;
  /** Whether means were forgotten, so that some prices are those of a kind or line; left out: none were. */
  readonly isCoarse?: boolean;
}

/** Keys under which durations are kept. */
export const durationKey = {
  start: (start: 'restore' | 'boot', line: string, imageId: string) => `${start}:${line}:${imageId}`,
  startOfLine: (start: 'restore' | 'boot', line: string) => `${start}:${line}`,
  action: (digest: string) => `action:${digest}`,
  /** All actions of a kind together: the price of an action without a measurement of its own. */
  kind: (kind: Action['kind']) => `kind:${kind}`,
} as const;

export const isKindKey = (key: string): boolean => key.startsWith('kind:');

/**
 * Returns what start a key belongs to, without `imageId` when it is the mean of a line; undefined for keys of actions.
 */
export function startOfKey(
  key: string,
): { readonly start: 'restore' | 'boot'; readonly imageId: string | undefined } | undefined {
  const [start, , imageId] = key.split(':', 3);
  return start === 'restore' || start === 'boot' ? { start, imageId } : undefined;
}
