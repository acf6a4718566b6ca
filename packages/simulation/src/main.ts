/**
 * The simulation's program, which `vmgrid simulate` runs:
 *
 *   simulate [--seed S] [--runs N] [--plants N] [--shops N] [--brokers 2,6] [--requests N] [--seconds N]
 *            [--faults none|some|many] [--cost COST] [--json]
 *
 * Exit status: 0 when every invariant held, 1 when one did not, 2 for a wrong command line.
 */
import { parseArgs } from 'node:util';
import { DEFAULTS, FAULT_LEVELS, type FaultLevel, type SimulationOptions } from './options.ts';
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
  cost: { type: 'string', default: DEFAULTS.cost },
  json: { type: 'boolean', default: false },
} as const;

process.exitCode = await main();

async function main(): Promise<number> {
  let given: { readonly options: SimulationOptions; readonly runs: number; readonly json: boolean };
  try {
    given = readArguments();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    return 2;
  }
  let violations = 0;
  for (let run = 0; run < given.runs; run += 1) {
    const seed = given.runs === 1 ? given.options.seed : `${given.options.seed}.${run + 1}`;
    const report = await simulate({ ...given.options, seed });
    process.stdout.write(given.json ? `${JSON.stringify(report)}\n` : `${reportText(report)}\n`);
    if (report.violation) violations += 1;
  }
  return violations === 0 ? 0 : 1;
}

function readArguments() {
  const { values } = parseArgs({ options: OPTIONS });
  const { seed, cost, json } = values;
  const options: SimulationOptions = {
    ...{ seed, cost, faults: faultLevel(values.faults) },
    plants: count('plants', values.plants, 1, 20_000),
    shops: count('shops', values.shops, 1, 16),
    requests: count('requests', values.requests, 1, 1_000_000),
    seconds: count('seconds', values.seconds, 1, 1_000_000),
    brokers: values.brokers === '' ? [] : values.brokers.split(',').map((text) => count('brokers', text, 1, 1_000)),
  };
  return { options, runs: count('runs', values.runs, 1, 1_000_000), json };
}

function count(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`--${name} is a whole number from ${least} to ${most}, not ${text}`);
}

function faultLevel(text: string): FaultLevel {
  const level = FAULT_LEVELS.find((one) => one === text);
  if (level) return level;
  throw new Error(`--faults is one of ${FAULT_LEVELS.join(', ')}, not ${text}`);
}
