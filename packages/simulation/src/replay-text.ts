import type { ReplayOutcome } from './replay.ts';

const HEAD = ['made', 'refused', 'ready p50', 'p95', 'hits', 'unevenness', 'cost'] as const;

/** Makes a table of outcomes for people. */
export function replayText(outcomes: readonly ReplayOutcome[]): string {
  const seconds = (value: number | undefined) => (value === undefined ? '-' : `${value.toFixed(1)} s`);
  const rows = outcomes.map((one) => [
    ...[String(one.made), String(one.refused), seconds(one.readyP50), seconds(one.readyP95)],
    ...[`${(one.hitRate * 100).toFixed(0)} %`, one.unevenness.toFixed(3), one.cost],
  ]);
  return [HEAD, ...rows]
    .map((row) =>
      row
        .map((cell) => cell.padEnd(11))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}
