/**
 * The crash matrix: real daemons, killed at seeded steps of their work. `VMGRID_FAULT_POINTS` and `VMGRID_FAULT_SEED`
 * choose how many points and which, `VMGRID_FAULT_LINE=qemu` real machines; a point that is found to be wrong is
 * printed whole.
 */
import { countBoundaries, drawPoints, type PointResult, runPoint } from '../crash/matrix.ts';
import { stock, VERBS, VERBS_ON_QEMU } from '../crash/scenarios.ts';
import { Site } from '../crash/site.ts';
import { seededRandom } from './fuzz/mutate.ts';
import type { BenchSuite } from './suite.ts';

const POINTS = Number(process.env.VMGRID_FAULT_POINTS ?? 200);
const SEED = Number(process.env.VMGRID_FAULT_SEED ?? 1);
const ON_QEMU = process.env.VMGRID_FAULT_LINE === 'qemu';

interface FaultsResult {
  readonly seed: number;
  /** Kills amid work. */
  readonly points: number;
  readonly violations: number;
  /** Points whose work was done before anybody died; they are not counted. */
  readonly missed: number;
  /** Different steps of different kinds of work at which somebody died. */
  readonly steps: number;
  readonly byVictim: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly found: readonly PointResult[];
  /** What was left when all VMs were destroyed and all daemons stopped. */
  readonly left: readonly string[];
}

export const suite: BenchSuite<FaultsResult> = {
  async run(say) {
    const from = performance.now();
    const site = ON_QEMU ? await Site.openOnQemu('faults') : await Site.open('faults');
    const results: PointResult[] = [];
    let left: readonly string[] = [];
    try {
      await stock(site);
      await site.addSurvivors();
      const boundaries = await countBoundaries(site, ON_QEMU ? VERBS_ON_QEMU : VERBS);
      say(`boundaries: ${JSON.stringify(boundaries)}`);
      for (const [index, point] of drawPoints(POINTS, boundaries, seededRandom(SEED)).entries()) {
        const began = performance.now();
        const result = await runPoint(site, point);
        const seconds = ((performance.now() - began) / 1_000).toFixed(1);
        results.push(result);
        const died = result.deaths.map(({ name, step }) => `${name} ${step}`).join(', ') || 'nobody died';
        say(
          `${index + 1} ${point.victim} amid ${point.verb}: ${died} (${seconds} s)${result.problems.map((one) => `\n  ${one}`).join('')}`,
        );
      }
    } finally {
      left = await site.close();
    }
    return { ...summary(results), seed: SEED, seconds: Math.round((performance.now() - from) / 1_000), left };
  },
  describe: ({ points, violations, missed, steps, byVictim, seconds, left }) =>
    [
      `${points} points at ${steps} different steps in ${seconds} s (${missed} came too late): ${violations} violations`,
      ...Object.entries(byVictim).map(([victim, count]) => `  ${victim}: ${count}`),
      ...left.map((one) => `left over: ${one}`),
    ].join('\n'),
};

function summary(results: readonly PointResult[]) {
  const hits = results.filter(({ deaths }) => deaths.length > 0);
  const found = results.filter(({ problems }) => problems.length > 0);
  const steps = hits.flatMap(({ point, deaths }) => deaths.map(({ step }) => `${point.victim} ${point.verb} ${step}`));
  const byVictim = Map.groupBy(hits, ({ point }) => point.victim);
  return {
    ...{ points: hits.length, missed: results.length - hits.length, violations: found.length, found },
    steps: new Set(steps).size,
    byVictim: Object.fromEntries([...byVictim].map(([victim, all]) => [victim, all.length])),
  };
}
