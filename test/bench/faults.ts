/**
 * The crash matrix: real daemons, killed at seeded steps of their work. `--points` and `--seed` choose how many points
 * and which, `--line qemu` real machines. With `--log FILE` each point is kept there, and a run that ended early goes
 * on. A point that is found to be wrong is printed whole.
 */
import { type Boundaries, countBoundaries, drawPoints, type PointResult, runPoint } from '../crash/matrix.ts';
import { stock, VERBS, VERBS_ON_QEMU } from '../crash/scenarios.ts';
import { Site } from '../crash/site.ts';
import { seededRandom } from './fuzz/mutate.ts';
import { RunLog } from './run-log.ts';
import { type BenchOptions, type BenchSuite, countOf } from './suite.ts';

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
  /** The time of this run only, without those that it continues. */
  readonly seconds: number;
  readonly found: readonly PointResult[];
  /** Leftovers after all VMs were destroyed and all daemons stopped. */
  readonly left: readonly string[];
}

export const suite: BenchSuite<FaultsResult> = {
  options: ['points', 'seed', 'line', 'log'],
  async run(say, options) {
    const from = performance.now();
    const settings = settingsOf(options);
    const log = RunLog.open<Boundaries | PointResult>(options.log, settings);
    const onQemu = settings.line === 'qemu';
    const site = onQemu ? await Site.openOnQemu('faults') : await Site.open('faults');
    let left: readonly string[] = [];
    try {
      await stock(site);
      await site.addSurvivors();
      // The drawn points depend on these counts, so a run that continues keeps those of its beginning.
      if (log.results.length === 0) log.add(await countBoundaries(site, onQemu ? VERBS_ON_QEMU : VERBS));
      say(`boundaries: ${JSON.stringify(log.results[0])}`);
      const points = drawPoints(settings.points, log.results[0] as Boundaries, seededRandom(settings.seed));
      for (const point of points.slice(log.results.length - 1)) {
        const began = performance.now();
        log.add(await runPoint(site, point));
        say(`${log.results.length - 1} ${toldOf(log.results.at(-1) as PointResult, performance.now() - began)}`);
      }
    } finally {
      left = await site.close();
    }
    const results = log.results.slice(1) as readonly PointResult[];
    const seconds = Math.round((performance.now() - from) / 1_000);
    return { ...summary(results), seed: settings.seed, seconds, left };
  },
  describe: ({ points, violations, missed, steps, byVictim, seconds, left }) =>
    [
      `${points} points at ${steps} different steps in ${seconds} s (${missed} came too late): ${violations} violations`,
      ...Object.entries(byVictim).map(([victim, count]) => `  ${victim}: ${count}`),
      ...left.map((one) => `left over: ${one}`),
    ].join('\n'),
};

function settingsOf(options: BenchOptions) {
  const line = options.line ?? 'simulated';
  if (line !== 'simulated' && line !== 'qemu') throw new Error(`--line is ${line}, not simulated or qemu`);
  return { points: countOf(options, 'points', 200), seed: countOf(options, 'seed', 1), line };
}

function toldOf({ point, deaths, problems }: PointResult, ms: number): string {
  const died = deaths.map(({ name, step }) => `${name} ${step}`).join(', ') || 'nobody died';
  const took = (ms / 1_000).toFixed(1);
  return [`${point.victim} amid ${point.verb}: ${died} (${took} s)`, ...problems].join('\n  ');
}

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
