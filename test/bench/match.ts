/**
 * Planning a request of 50 actions against very many images, beside a look at every image, which must find the same.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { explainRequest, ImageIndex, planMachine, surveyImages } from '@vmgrid/bidding';
import { ACTIONS_OF_A_REQUEST, Lineage, lines } from './made-up-lineage.ts';
import { type BenchSuite, median, percentile } from './suite.ts';

const SEED = 2004;
const WARM_UP = 50;
const REQUESTS = 500;
/** Requests that are also put to every image. */
const CHECKED = 15;
/** The slice that plants use for explanations. */
const EXPLAIN_SLICE_MS = 5;
/** The warehouse whose figures are the result's own. */
const IMAGES = 100_000;

interface Setting {
  readonly images: number;
  readonly families: number;
}

/** A warehouse grows by more families and by more images of each; the last is the worst, all images of one family. */
const SETTINGS: readonly Setting[] = [
  { images: 10_000, families: 100 },
  { images: IMAGES, families: 316 },
  { images: 1_000_000, families: 1_000 },
  { images: IMAGES, families: 1 },
];

interface MatchRow extends Setting {
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Median of the looks at every image. */
  readonly oracleMs: number;
  /** Whether both found the same plan for every request checked. */
  readonly agreed: boolean;
  /** An explanation that names five images of each kind, and the longest that it keeps other work waiting. */
  readonly explainMs: number;
  readonly explainHoldsMs: number;
  readonly buildMs: number;
  /** Memory of the index in addition to the images. */
  readonly indexMiB: number;
}

interface MatchResult extends Omit<MatchRow, 'families'> {
  readonly actions: number;
  readonly rows: readonly MatchRow[];
}

export const suite: BenchSuite<MatchResult> = {
  async run(say) {
    const rows = SETTINGS.map((setting) => {
      say(`${setting.images} images of ${setting.families} families`);
      return measure(setting);
    });
    const { families: _, ...row } = rows.find(({ images, families }) => images === IMAGES && families > 1)!;
    return { ...row, actions: ACTIONS_OF_A_REQUEST, rows };
  },
  describe: ({ rows }) =>
    rows
      .map(
        (row) =>
          `${String(row.images).padStart(9)} images, ${String(row.families).padStart(4)} families   ` +
          `p50 ${row.p50Ms} ms   p95 ${row.p95Ms} ms   every image ${row.oracleMs} ms   ` +
          `explain ${row.explainMs} ms in slices of ${row.explainHoldsMs} ms   ` +
          `${row.agreed ? 'agreed' : 'DISAGREED'}   index ${row.indexMiB} MiB in ${row.buildMs} ms`,
      )
      .join('\n'),
};

function measure({ images: count, families }: Setting): MatchRow {
  const lineage = new Lineage(count, families, SEED);
  const before = heapMiB();
  const building = performance.now();
  const index = ImageIndex.of(lineage.images);
  const buildMs = performance.now() - building;
  const indexMiB = heapMiB() - before;
  const plan = (request: ReturnType<Lineage['request']>) =>
    planMachine(request, { images: index, lines, durations: lineage.durations });
  for (let round = 0; round < WARM_UP; round++) plan(lineage.request());
  const times = Array.from({ length: REQUESTS }, () => timed(lineage.request(), plan).ms);
  const checks = Array.from({ length: CHECKED }, () => check(lineage, plan));
  return {
    images: count,
    families,
    p50Ms: rounded(percentile(times, 0.5)),
    p95Ms: rounded(percentile(times, 0.95)),
    oracleMs: rounded(median(checks.map(({ ms }) => ms))),
    agreed: checks.every(({ agreed }) => agreed),
    ...explained(lineage),
    buildMs: Math.round(buildMs),
    indexMiB: Math.round(indexMiB),
  };
}

function check(lineage: Lineage, plan: (request: ReturnType<Lineage['request']>) => ReturnType<typeof planMachine>) {
  const request = lineage.request();
  const survey = timed(request, (asked) =>
    surveyImages(asked, { images: lineage.images, lines, durations: lineage.durations }),
  );
  const best = survey.value.options[0];
  const found = plan(request);
  const agreed =
    found?.image === best?.image &&
    found?.start === best?.start &&
    found?.expectedSeconds === (best && best.expectedMicros / 1_000_000);
  return { ms: survey.ms, agreed };
}

function explained(lineage: Lineage): { readonly explainMs: number; readonly explainHoldsMs: number } {
  const steps = explainRequest(
    lineage.request(),
    { images: lineage.images, lines, durations: lineage.durations },
    { top: 5 },
  );
  const start = performance.now();
  let [sliceStart, longest] = [start, 0];
  for (let done = false; !done; ) {
    done = steps.next().done === true;
    const heldMs = performance.now() - sliceStart;
    longest = Math.max(longest, heldMs);
    if (heldMs >= EXPLAIN_SLICE_MS) sliceStart += heldMs;
  }
  return { explainMs: rounded(performance.now() - start), explainHoldsMs: rounded(longest) };
}

function timed<A, T>(argument: A, work: (argument: A) => T): { readonly value: T; readonly ms: number } {
  const start = performance.now();
  const value = work(argument);
  return { value, ms: performance.now() - start };
}

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** Memory in use once what is not used has been collected. */
function heapMiB(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed / 1_048_576;
}
