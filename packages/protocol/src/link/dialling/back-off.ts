/**
 * Returns the milliseconds before the next attempt. The time doubles from `minMs` to `maxMs` and is then spread over
 * its upper half, so that plants that lost the same shop do not all return at once. `failures` counts from 0; `random`
 * gives [0, 1).
 */
export function backOffMs(
  failures: number,
  { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number },
  random: () => number,
): number {
  const full = Math.min(maxMs, minMs * 2 ** failures);
  return Math.round(full * (0.5 + random() / 2));
}
