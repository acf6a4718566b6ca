/**
 * Hostile input: damaged documents, messages, guests' replies and archives, for all that reads them. Nothing may crash,
 * stand still or grow. And documents that cost far more than others, for a shop whose event loop may not stand still
 * for them. `VMGRID_FUZZ_INPUTS` and `VMGRID_FUZZ_SEED` choose how many and which; the same seed gives the same inputs.
 */
import { type HeavyResult, measureHeavy } from './fuzz/heavy.ts';
import { damaged, seededRandom } from './fuzz/mutate.ts';
import { type FuzzTarget, fuzzTargets, isRefusal } from './fuzz/targets.ts';
import type { BenchSuite } from './suite.ts';

const INPUTS = Number(process.env.VMGRID_FUZZ_INPUTS ?? 100_000);
const SEED = Number(process.env.VMGRID_FUZZ_SEED ?? 1);
/** Findings told in full; all are counted. */
const TOLD = 10;
const SHOWN_CHARS = 200;

interface TargetResult {
  readonly name: string;
  readonly inputs: number;
  /** The others were taken for good ones. */
  readonly refused: number;
  readonly crashes: number;
  readonly slowestMs: number;
}

interface Finding {
  readonly target: string;
  readonly error: string;
  /** The beginning of the input, in base64. */
  readonly input: string;
}

interface FuzzResult {
  readonly seed: number;
  readonly inputs: number;
  readonly crashes: number;
  readonly slowestMs: number;
  /** Of the heap, from after the first hundredth of the inputs to the end. */
  readonly grownMiB: number;
  readonly targets: readonly TargetResult[];
  readonly findings: readonly Finding[];
  /** How late the event loop of a shop came at most, of all heavy documents. */
  readonly eventLoopDelayMs: number;
  readonly heavy: readonly HeavyResult[];
}

export const suite: BenchSuite<FuzzResult> = {
  async run(say) {
    const targets = await fuzzTargets();
    const shares = targets.reduce((sum, { share }) => sum + share, 0);
    const findings: Finding[] = [];
    const results: TargetResult[] = [];
    await fuzz(targets[0]!, Math.ceil(INPUTS / 100), SEED, findings); // what is made once is made
    const before = heapMiB();
    for (const [index, target] of targets.entries()) {
      const inputs = Math.ceil((INPUTS * target.share) / shares);
      say(`${target.name}: ${inputs} inputs`);
      results.push(await fuzz(target, inputs, SEED + index, findings));
      await target.close?.();
    }
    const heavy = await measureHeavy(say);
    return {
      seed: SEED,
      inputs: sum(results, ({ inputs }) => inputs),
      crashes: sum(results, ({ crashes }) => crashes),
      slowestMs: Math.max(...results.map(({ slowestMs }) => slowestMs)),
      grownMiB: Math.round(heapMiB() - before),
      targets: results,
      findings: findings.slice(0, TOLD),
      eventLoopDelayMs: Math.max(...heavy.map(({ delayMs }) => delayMs)),
      heavy,
    };
  },
  describe: ({ inputs, crashes, slowestMs, grownMiB, targets, findings, eventLoopDelayMs, heavy }) =>
    [
      ...targets.map(
        (one) =>
          `${one.name.padEnd(20)} ${one.inputs} inputs, ${one.refused} refused, ${one.crashes} crashes, slowest ${one.slowestMs} ms`,
      ),
      `${inputs} inputs, ${crashes} crashes, slowest ${slowestMs} ms, heap grown by ${grownMiB} MiB`,
      ...findings.map(({ target, error, input }) => `${target}: ${error}\n  ${input}`),
      ...heavy.map(
        ({ name, status, delayMs, cpuMs }) =>
          `${name.padEnd(36)} ${status}, delay ${delayMs.toFixed(0)} ms, of which ${cpuMs.toFixed(0)} ms of the processor`,
      ),
      `the event loop of the shop came ${eventLoopDelayMs.toFixed(0)} ms late at most`,
    ].join('\n'),
};

async function fuzz(target: FuzzTarget, inputs: number, seed: number, findings: Finding[]): Promise<TargetResult> {
  const random = seededRandom(seed);
  let [refused, crashes, slowestMs] = [0, 0, 0];
  for (let index = 0; index < inputs; index += 1) {
    const input = damaged(target.known, random);
    const from = performance.now();
    try {
      await target.feed(input);
    } catch (error) {
      if (isRefusal(error)) refused += 1;
      else {
        crashes += 1;
        const shown = input.toString('base64').slice(0, SHOWN_CHARS);
        findings.push({
          target: target.name,
          error: String((error as Error).stack ?? error).slice(0, SHOWN_CHARS * 2),
          input: shown,
        });
      }
    }
    slowestMs = Math.max(slowestMs, performance.now() - from);
  }
  return { name: target.name, inputs, refused, crashes, slowestMs: Math.round(slowestMs) };
}

const heapMiB = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1_048_576;
};

const sum = (results: readonly TargetResult[], of: (result: TargetResult) => number): number =>
  results.reduce((total, result) => total + of(result), 0);
