/**
 * Hostile input: damaged documents, messages, guests' replies and archives, for all that reads them. Nothing may crash,
 * stand still or grow. And documents that cost far more than others, for a shop whose event loop may not stand still
 * for them. `--inputs` and `--seed` choose how many and which; the same seed gives the same inputs. With `--log FILE`
 * each piece is kept there, and a run that ended early goes on.
 */
import { type HeavyResult, measureHeavy } from './fuzz/heavy.ts';
import { damaged, seededRandom } from './fuzz/mutate.ts';
import { type FuzzTarget, fuzzTargets, isRefusal } from './fuzz/targets.ts';
import { RunLog } from './run-log.ts';
import { type BenchSuite, countOf } from './suite.ts';

/** Inputs of one piece of a run. */
const PIECE = 20_000;
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

interface PieceResult extends TargetResult {
  readonly findings: readonly Finding[];
}

interface Piece {
  readonly target: FuzzTarget;
  readonly inputs: number;
  readonly seed: number;
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
  /** Growth of the heap, from after the first hundredth of the inputs to the end. */
  readonly grownMiB: number;
  readonly targets: readonly TargetResult[];
  readonly findings: readonly Finding[];
  /** How late the event loop of a shop came at most, of all heavy documents. */
  readonly eventLoopDelayMs: number;
  readonly heavy: readonly HeavyResult[];
}

export const suite: BenchSuite<FuzzResult> = {
  options: ['inputs', 'seed', 'log'],
  async run(say, options) {
    const settings = { inputs: countOf(options, 'inputs', 100_000), seed: countOf(options, 'seed', 1) };
    const log = RunLog.open<PieceResult>(options.log, settings);
    const targets = await fuzzTargets();
    await fuzz(targets[0]!, { inputs: Math.ceil(settings.inputs / 100), seed: settings.seed }); // what is made once is made
    const before = heapMiB();
    for (const piece of piecesOf(targets, settings).slice(log.results.length)) {
      say(`${piece.target.name}: ${piece.inputs} inputs`);
      log.add(await fuzz(piece.target, piece));
    }
    for (const target of targets) await target.close?.();
    const grownMiB = Math.round(heapMiB() - before);
    const heavy = await measureHeavy(say);
    const results = targets.map(({ name }) => totalOf(log.results.filter((one) => one.name === name)));
    return {
      seed: settings.seed,
      inputs: sum(results, ({ inputs }) => inputs),
      crashes: sum(results, ({ crashes }) => crashes),
      slowestMs: Math.max(...results.map(({ slowestMs }) => slowestMs)),
      grownMiB,
      targets: results,
      findings: log.results.flatMap(({ findings }) => findings).slice(0, TOLD),
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

/** The inputs of each target, in pieces of a size that a run may lose when it ends early. */
function piecesOf(targets: readonly FuzzTarget[], { inputs, seed }: { inputs: number; seed: number }): Piece[] {
  const shares = sum(targets, ({ share }) => share);
  return targets.flatMap((target, index) => {
    const wanted = Math.ceil((inputs * target.share) / shares);
    return Array.from({ length: Math.ceil(wanted / PIECE) }, (_, piece) => ({
      target,
      inputs: Math.min(PIECE, wanted - piece * PIECE),
      seed: seed + index + piece * targets.length,
    }));
  });
}

async function fuzz(target: FuzzTarget, { inputs, seed }: Omit<Piece, 'target'>): Promise<PieceResult> {
  const random = seededRandom(seed);
  const findings: Finding[] = [];
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
        if (crashes <= TOLD) findings.push(findingOf(target, error, input));
      }
    }
    slowestMs = Math.max(slowestMs, performance.now() - from);
  }
  return { name: target.name, inputs, refused, crashes, slowestMs: Math.round(slowestMs), findings };
}

const findingOf = ({ name }: FuzzTarget, error: unknown, input: Buffer): Finding => ({
  target: name,
  error: String((error as Error).stack ?? error).slice(0, SHOWN_CHARS * 2),
  input: input.toString('base64').slice(0, SHOWN_CHARS),
});

const totalOf = (pieces: readonly PieceResult[]): TargetResult => ({
  name: pieces[0]!.name,
  inputs: sum(pieces, ({ inputs }) => inputs),
  refused: sum(pieces, ({ refused }) => refused),
  crashes: sum(pieces, ({ crashes }) => crashes),
  slowestMs: Math.max(...pieces.map(({ slowestMs }) => slowestMs)),
});

const heapMiB = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1_048_576;
};

const sum = <T>(all: readonly T[], of: (one: T) => number): number => all.reduce((total, one) => total + of(one), 0);
