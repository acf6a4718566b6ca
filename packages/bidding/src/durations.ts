/** What starts and actions took before, so that plans can be priced in expected seconds. */
export interface Durations {
  /** Mean seconds of the first key that has been measured; undefined when none has. */
  expect(...keys: readonly string[]): number | undefined;
  /** No start of this kind is expected to take less; undefined when none has been measured. */
  least(start: 'restore' | 'boot'): number | undefined;
}

/** Keys under which durations are kept. */
export const durationKey = {
  start: (start: 'restore' | 'boot', line: string, imageId: string) => `${start}:${line}:${imageId}`,
  startOfLine: (start: 'restore' | 'boot', line: string) => `${start}:${line}`,
  action: (digest: string) => `action:${digest}`,
} as const;
