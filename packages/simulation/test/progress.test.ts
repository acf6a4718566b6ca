/** How far a simulation is, is shown on standard error, and changes nothing else. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { DEFAULTS, simulate } from '../src/index.ts';
import type { Progress } from '../src/progress.ts';
import { ProgressDisplay } from '../src/progress-display.ts';

const OPTIONS = { ...DEFAULTS, plants: 4, requests: 10, seconds: 60 };
const ARGUMENTS = ['--plants', '4', '--requests', '10', '--seconds', '60'];
const PROGRAM = join(import.meta.dirname, '../src/main.ts');
const RUN_MS = 120_000;

const run = promisify(execFile);

const progressAt = (events: number): Progress => ({
  ...{ run: 'seed 1', phase: 'requests come', elapsedMs: 60_000, events, requests: 10, answered: 4 },
});

function displayOn(isTerminal: boolean) {
  const [written, clock] = [[] as string[], { now: 5_000 }];
  const display = new ProgressDisplay({ write: (text) => written.push(text), isTerminal, now: () => clock.now });
  const showAt = (ms: number, events: number) => {
    clock.now = 5_000 + ms;
    display.show(progressAt(events));
  };
  return { display, written, showAt };
}

test('each phase is told, and how many requests are answered, up to all', async () => {
  const told: Progress[] = [];
  const report = await simulate(OPTIONS, (progress) => told.push(progress));
  expect(await simulate(OPTIONS)).toEqual(report);
  expect([...new Set(told.map(({ phase }) => phase))]).toEqual([
    ...[
      '4 plants are started',
      'requests come',
      'the network is mended',
      'the grid comes to rest',
      'all plants are looked at',
    ],
  ]);
  expect(told[0]).toMatchObject({ run: 'seed 1', requests: 10, answered: 0, events: 0 });
  expect(told.at(-1)).toMatchObject({ requests: 10, answered: 10 });
  expect(told.map(({ events }) => events)).toEqual(told.map(({ events }) => events).sort((a, b) => a - b));
});

test('where there is no terminal a line is written at once, then one now and then', () => {
  const { display, written, showAt } = displayOn(false);
  showAt(0, 0);
  showAt(9_000, 100);
  showAt(11_000, 200);
  display.clear();
  const line = (events: number, s: number) =>
    `seed 1: requests come; 4 of 10 requests answered, 60 s of virtual time, ${events} events in ${s} s\n`;
  expect(written).toEqual([line(0, 0), line(200, 11)]);
});

test('on a terminal one line is written anew, fits in, and is taken away before anything is printed', () => {
  const { display, written, showAt } = displayOn(true);
  showAt(0, 0);
  showAt(100, 100);
  showAt(300, 200);
  display.clear();
  expect(written.map((text) => text.slice(0, 10))).toEqual(['\r\x1b[Kseed 1', '\r\x1b[Kseed 1', '\r\x1b[K']);
  for (const text of written) expect(text).toMatch(/^\r.{0,82}$/);
});

test(
  'the program prints its report and nothing else on standard output, and how far it is on standard error',
  async () => {
    const [json, text] = await Promise.all(
      [['--json'], []].map((more) => run(process.execPath, [PROGRAM, ...ARGUMENTS, ...more])),
    );
    const report = JSON.parse(json!.stdout);
    expect(json!.stdout).toBe(`${JSON.stringify(report)}\n`);
    expect(report).toEqual(await simulate(OPTIONS));
    expect(text!.stdout).toMatch(/^seed 1: 4 plants, .*every invariant held\n$/s);
    for (const { stderr } of [json!, text!]) expect(stderr).toMatch(/^seed 1: 4 plants are started; 0 of 10 requests/);
  },
  RUN_MS,
);
