/**
 * ClassAds: parses and evaluations per second. The floor is what JavaScript itself takes for text of the same length.
 */
import { ClassAd, evaluate, matchAds, parseClassAd, parseExpression } from '@vmgrid/classad';
import type { BenchSuite } from './suite.ts';

const AD = `[
  MyType = "Plant"; Name = "plant-17"; Arch = "x86_64"; TotalMemoryMiB = 131072; UsedMemoryMiB = 4096;
  FreeMemoryMiB = TotalMemoryMiB - UsedMemoryMiB; LoadAverage = 0.42; Lines = { "qemu", "uml" };
  Requirements = TARGET.MemoryMiB <= MY.FreeMemoryMiB && member(TARGET.Line, Lines)
]`;
const REQUEST = `[ MemoryMiB = 512; Line = "qemu"; Requirements = TARGET.LoadAverage < 4 && TARGET.Arch == "x86_64"; Rank = -TARGET.LoadAverage ]`;
const PATTERN = `regexp("^plant-[0-9]+$", TARGET.Name) && !regexp("arm|riscv", TARGET.Arch, "i")`;
const COST = 'MY.MemoryMiB / real(TARGET.FreeMemoryMiB) + 0.02 * PLAN.ExpectedSeconds';

const MEASURE_MS = 1_500;

interface ClassAdResult {
  readonly adsParsedPerSecond: number;
  readonly expressionsParsedPerSecond: number;
  readonly costsPerSecond: number;
  readonly matchesPerSecond: number;
  /** Requirements with two regular expressions. */
  readonly patternsPerSecond: number;
  /** `JSON.parse` of the same ad as JSON. */
  readonly jsonFloorPerSecond: number;
}

export const suite: BenchSuite<ClassAdResult> = {
  async run(say) {
    const plant = parseClassAd(AD);
    const request = parseClassAd(REQUEST);
    const [cost, pattern] = [parseExpression(COST), parseExpression(PATTERN)];
    const context = { my: request, target: plant, scopes: { PLAN: ClassAd.of({ ExpectedSeconds: 2.5 }) } };
    const json = JSON.stringify({ MyType: 'Plant', Name: 'plant-17', Lines: ['qemu', 'uml'], text: AD });
    say(`six measurements of ${MEASURE_MS} ms each`);
    return {
      adsParsedPerSecond: rate(() => parseClassAd(AD)),
      expressionsParsedPerSecond: rate(() => parseExpression(COST)),
      costsPerSecond: rate(() => evaluate(cost, context)),
      matchesPerSecond: rate(() => matchAds(request, plant)),
      patternsPerSecond: rate(() => evaluate(pattern, context)),
      jsonFloorPerSecond: rate(() => JSON.parse(json)),
    };
  },
  describe: (result) =>
    Object.entries(result)
      .map(([name, value]) => `${name.padEnd(28)} ${value.toLocaleString('en')}`)
      .join('\n'),
};

/** Calls per second over a fixed time, after a warm-up of the same length. */
function rate(work: () => unknown): number {
  callsWithin(work, MEASURE_MS);
  return Math.round((callsWithin(work, MEASURE_MS) * 1000) / MEASURE_MS);
}

function callsWithin(work: () => unknown, ms: number): number {
  const end = performance.now() + ms;
  let calls = 0;
  while (performance.now() < end) {
    for (let batch = 0; batch < 100; batch += 1) work();
    calls += 100;
  }
  return calls;
}
