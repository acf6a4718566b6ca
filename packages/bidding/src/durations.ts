import type { Action } from '@vmgrid/dag';

/** What starts and actions took before, so that plans can be priced in expected seconds. */
export interface Durations {
  /** Mean seconds of the first key that has been measured; undefined when none has. */
  expect(...keys: readonly string[]): number | undefined;
  /** No start of this kind is expected to take less; undefined when none has been measured. */
  least(start: 'restore' | 'boot'): number | undefined;
  /** Whether means were forgotten, so that what they were of is priced by its kind or line; left out: none were. */
  readonly isCoarse?: boolean;
}

/** Keys under which durations are kept. */
export const durationKey = {
  start: (start: 'restore' | 'boot', line: string, imageId: string) => `${start}:${line}:${imageId}`,
  startOfLine: (start: 'restore' | 'boot', line: string) => `${start}:${line}`,
  action: (digest: string) => `action:${digest}`,
  /** All actions of a kind together: the price of one that is not known itself. */
  kind: (kind: Action['kind']) => `kind:${kind}`,
} as const;

export const isKindKey = (key: string): boolean => key.startsWith('kind:');

/** What a key of a start is of, `imageId` left out for all images of its line; undefined for keys of actions. */
export function startOfKey(
  key: string,
): { readonly start: 'restore' | 'boot'; readonly imageId: string | undefined } | undefined {
  const [start, , imageId] = key.split(':', 3);
  return start === 'restore' || start === 'boot' ? { start, imageId } : undefined;
}
