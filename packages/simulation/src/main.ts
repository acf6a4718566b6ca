/**
 * The simulation's program, which `vmgrid simulate` runs:
 *
 *   simulate [--seed S] [--runs N] [--plants N] [--shops N] [--brokers 2,6] [--requests N] [--seconds N]
 *            [--faults none|some|many] [--offers asked|standing] [--deeds N] [--builds N] [--cancels PERCENT]
 *            [--cost COST] [--json]
 *   simulate --replay FILE [--cost COST]… [--plants N] [--memory-mib N] [--brokers 2,6] [--keep SECONDS] [--json]
 *
 * Progress goes to standard error.
 *
 * Exit status: 0 when every invariant held, 1 when one did not, 2 for a wrong command line.
 */
import { parseArgs } from 'node:util';
import { outliveReaders } from '@vmgrid/daemon';
import { DEFAULTS, FAULT_LEVELS, OFFER_KINDS, type SimulationOptions } from './options.ts';
import type { Progress } from './progress.ts';
import { ProgressDisplay } from './progress-display.ts';
import { readRecording } from './recording.ts';
import { type Recording, type ReplayOutcome, replay } from './replay.ts';
import { replayText } from './replay-text.ts';
import { reportText } from './report-text.ts';
import { simulate } from './simulate.ts';

const OPTIONS = {
  seed: { type: 'string', default: DEFAULTS.seed },
  runs: { type: 'string', default: '1' },
  plants: { type: 'string', default: String(DEFAULTS.plants) },
  shops: { type: 'string', default: String(DEFAULTS.shops) },
  brokers: { type: 'string', default: '' },
  requests: { type: 'string', default: String(DEFAULTS.requests) },
  seconds: { type: 'string', default: String(DEFAULTS.seconds) },
  faults: { type: 'string', default: DEFAULTS.faults },
  offers: { type: 'string', default: DEFAULTS.offers },
  deeds: { type: 'string', default: String(DEFAULTS.deeds) },
  builds: { type: 'string', default: String(DEFAULTS.builds) },
  cancels: { type: 'string', default: String(DEFAULTS.cancels) },
  cost: { type: 'string', multiple: true },
  replay: { type: 'string' },
  'memory-mib': { type: 'string', default: '32768' },
  keep: { type: 'string', default: '600' },
  json: { type: 'boolean', default: false },
} as const;

/** Errors are answers here, some thousands a second, and nobody looks at their stack. */
Error.stackTraceLimit = 0;

const display = new ProgressDisplay({
  write: (text) => process.stderr.write(text),
  isTerminal: process.stderr.isTTY,
  columns: process.stderr.columns,
  now: () => performance.now(),
});
const tell = (progress: Progress) => display.show(progress);

outliveReaders(reportError);
process.exitCode = (await main()) || process.exitCode;

type Given = ReturnType<typeof readArguments>;

async function main(): Promise<number> {
  try {
    const given = readArguments();
    return given.replayed === undefined ? await runAll(given) : await replayAll(given, readRecording(given.replayed));
  } catch (error) {
    display.clear();
    reportError(error);
    return 2;
  }
}

function reportError(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
}

async function runAll({ options, runs, json }: Given): Promise<number> {
  let violations = 0;
  for (let run = 1; run <= runs; run += 1) {
    const seed = runs === 1 ? options.seed : `${options.seed}.${run}`;
    const report = await simulate({ ...options, seed }, tell);
    print(json ? JSON.stringify(report) : reportText(report));
    if (report.violation) violations += 1;
  }
  return violations === 0 ? 0 : 1;
}

async function replayAll(given: Given, recording: Recording): Promise<number> {
  const { options, costs, memoryMiB, keepSeconds, json } = given;
  const outcomes: ReplayOutcome[] = [];
  for (const cost of costs) outcomes.push(await replay(recording, { ...options, cost, memoryMiB, keepSeconds }, tell));
  print(json ? JSON.stringify({ rows: outcomes }) : replayText(outcomes));
  return 0;
}

function print(text: string): void {
  display.clear();
  process.stdout.write(`${text}\n`);
}

function readArguments() {
  const { values } = parseArgs({ options: OPTIONS });
  const { seed, json, replay: replayed, cost: costs = [DEFAULTS.cost] } = values;
  const cost = costs[0]!;
  const options: SimulationOptions = {
    ...{ seed, cost, faults: oneOf('faults', FAULT_LEVELS, values.faults) },
    offers: oneOf('offers', OFFER_KINDS, values.offers),
    deeds: count('deeds', values.deeds, { least: 0, most: 100 }),
    builds: count('builds', values.builds, { least: 0, most: 1_000_000 }),
    cancels: count('cancels', values.cancels, { least: 0, most: 100 }),
    plants: count('plants', values.plants, { least: 1, most: 20_000 }),
    shops: count('shops', values.shops, { least: 1, most: 16 }),
    requests: count('requests', values.requests, { least: 1, most: 1_000_000 }),
    seconds: count('seconds', values.seconds, { least: 1, most: 1_000_000 }),
    brokers:
      values.brokers === ''
        ? []
        : values.brokers.split(',').map((text) => count('brokers', text, { least: 1, most: 1_000 })),
  };
  const memoryMiB = count('memory-mib', values['memory-mib'], { least: 64, most: 100_000_000 });
  const keepSeconds = count('keep', values.keep, { least: 1, most: 604_800 });
  return {
    options,
    costs,
    replayed,
    memoryMiB,
    keepSeconds,
    runs: count('runs', values.runs, { least: 1, most: 1_000_000 }),
    json,
  };
}

function count(name: string, text: string, { least, most }: { readonly least: number; readonly most: number }): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`--${name} is a whole number from ${least} to ${most}, not ${text}`);
}

function oneOf<T extends string>(name: string, choices: readonly T[], text: string): T {
  const choice = choices.find((one) => one === text);
  if (choice) return choice;
  throw new Error(`--${name} is one of ${choices.join(', ')}, not ${text}`);
}
