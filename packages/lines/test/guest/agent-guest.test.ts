import { expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { AgentGuest } from '../../src/guest/agent-guest.ts';
import type { QgaClient } from '../../src/guest/qga-client.ts';
import type { ReportChannel } from '../../src/guest/report-channel.ts';

const signal = NO_DEADLINE;

interface Asked {
  readonly command: string;
  readonly args: { readonly arg?: readonly string[]; readonly pid?: number };
}

/** A guest whose runs print one line; its agent numbers what it starts from 1. */
function madeUpGuest(earlierRun: 'ended' | 'unknown', exited: (pid: number) => boolean = () => true) {
  const asked: Asked[] = [];
  let pid = 0;
  let failure: Error | undefined;
  const agent = {
    async execute(command: string, args: Asked['args']) {
      asked.push({ command, args });
      if (command === 'guest-exec-status') return { exited: exited(args.pid ?? 0) };
      pid += 1;
      return { pid };
    },
  };
  const report = {
    announce: () => 'token',
    async *lines() {
      if (failure) throw failure;
      yield 'line';
    },
  };
  const guest = new AgentGuest(
    { agent: agent as unknown as QgaClient, report: report as unknown as ReportChannel },
    { discDevice: '/dev/sr0', earlierRun },
  );
  const run = async (): Promise<string[]> => {
    const lines: string[] = [];
    for await (const line of guest.run(['true'], signal)) lines.push(line);
    return lines;
  };
  const scripts = () => asked.flatMap(({ args }) => (args.arg ? [args.arg[1] ?? ''] : []));
  const reaped = () => asked.flatMap(({ command, args }) => (command === 'guest-exec-status' ? [args.pid] : []));
  const fail = (error: Error | undefined): void => {
    failure = error;
  };
  return { run, scripts, reaped, fail };
}

const abandons = (script: string): boolean => script.includes('kill -KILL') && script.includes('org.vmgrid.report');

test('the first run in an adopted guest ends, in the same command, one that may still hold the port', async () => {
  const { run, scripts } = madeUpGuest('unknown');
  expect(await run()).toEqual(['line']);
  expect(await run()).toEqual(['line']);
  expect(scripts().map(abandons)).toEqual([true, false]);
});

test('a run in a guest of our own ends nothing, but the run after one that was cut short does', async () => {
  const { run, scripts, fail } = madeUpGuest('ended');
  await run();
  expect(scripts().map(abandons)).toEqual([false]);
  fail(new Error('cut short'));
  await expect(run()).rejects.toThrow('cut short');
  fail(undefined);
  await run();
  expect(abandons(scripts().at(-1)!)).toBe(true);
});

test('what ran in a guest that started anew is gone: nothing is asked of an agent that is not there', async () => {
  const { run, scripts, reaped, fail } = madeUpGuest('ended');
  fail(new GridError('GUEST_RESTARTED', 'the guest started anew'));
  await expect(run()).rejects.toMatchObject({ code: 'GUEST_RESTARTED' });
  fail(undefined);
  await run();
  expect(scripts()).toHaveLength(2);
  expect(reaped()).toEqual([2]);
});

/** A guest whose run prints nothing until it is said that it has ended. */
function silentGuest(statusOf: () => Promise<object>) {
  const told = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<void>();
  const agent = {
    execute: async (command: string, { arg }: Asked['args']) => {
      if (command === 'guest-exec-status') return statusOf();
      if (arg?.[1]?.includes('killed')) told.resolve(arg[1]);
      return { pid: 4_711 };
    },
  };
  const report = {
    announce: () => 'token',
    async *lines() {
      await ended.promise;
      yield 'line';
    },
  };
  const guest = new AgentGuest(
    { agent: agent as unknown as QgaClient, report: report as unknown as ReportChannel },
    { discDevice: '/dev/sr0', earlierRun: 'ended', watchMs: 1 },
  );
  return { run: guest.run(['true'], signal), told: told.promise, end: ended.resolve };
}

test.each([
  ['has ended', async () => ({ exited: true })],
  [
    'is unknown to an agent that was killed with it',
    async () => {
      throw new GridError('GUEST_UNREACHABLE', 'the agent refused: no such pid');
    },
  ],
])('the report of a run whose process %s is ended in the guest, if the process is gone', async (_, statusOf) => {
  const { run, told, end } = silentGuest(statusOf);
  const first = run.next();
  expect(await told).toMatch(/\[ -d \/proc\/4711 \] \|\| echo "\nran token killed"/);
  end();
  expect(await first).toEqual({ done: false, value: 'line' });
  await run.return();
});

test('nothing is ended of a run that is still there', async () => {
  const looks = { left: 5, over: Promise.withResolvers<void>() };
  const { run, told, end } = silentGuest(async () => {
    looks.left -= 1;
    if (looks.left === 0) looks.over.resolve();
    return { exited: false };
  });
  const first = run.next();
  expect(await Promise.race([told, looks.over.promise])).toBeUndefined();
  end();
  await first;
  await run.return();
});

test('the agent is asked for the result of each run, so that it does not keep it', async () => {
  const { run, reaped } = madeUpGuest('ended');
  await run();
  await run();
  expect(reaped()).toEqual([1, 2]);
});

test('a result that was not there yet is asked for again after the next run, and those of a liar are given up', async () => {
  const slow = madeUpGuest('ended', (pid) => pid !== 1 || slow.reaped().length > 1);
  await slow.run();
  await slow.run();
  await slow.run();
  expect(slow.reaped()).toEqual([1, 1, 2, 3]);
  const liar = madeUpGuest('ended', () => false);
  for (let count = 0; count < 20; count += 1) await liar.run();
  const before = liar.reaped().length;
  await liar.run();
  expect(liar.reaped().length - before).toBe(4);
});
