import { expect, test } from '@jest/globals';
import type { Clock } from '@vmgrid/daemon';
import type { ProgressEvent } from '@vmgrid/protocol';
import { Phases } from '../../src/vms/phases.ts';

/** A clock that goes on when the work says so; its wall clock steps back once. */
function testClock() {
  let elapsed = 0;
  let wall = Date.UTC(2026, 0, 1);
  const clock: Pick<Clock, 'now' | 'monotonic'> = { now: () => wall, monotonic: () => elapsed };
  const pass = (ms: number) => {
    elapsed += ms;
    wall += ms;
  };
  const stepBack = (ms: number) => {
    wall -= ms;
  };
  return { clock, pass, stepBack };
}

test('each phase is told as it starts and ends, and its time is kept', async () => {
  const { clock, pass } = testClock();
  const events: ProgressEvent[] = [];
  const phases = new Phases(clock, { requestId: 'request-1' }, (event) => void events.push(event));
  const result = await phases.time('restore', async () => {
    pass(80.26);
    return 'machine';
  });
  expect(result).toBe('machine');
  expect(phases.phasesMs).toEqual({ restore: 80.3 });
  expect(events).toEqual([
    { requestId: 'request-1', at: '2026-01-01T00:00:00.000Z', phase: 'restore', state: 'started' },
    { requestId: 'request-1', at: '2026-01-01T00:00:00.080Z', phase: 'restore', state: 'done', elapsedMs: 80.3 },
  ]);
});

test('a phase that comes several times counts all its time, each told by its own', async () => {
  const { clock, pass } = testClock();
  const elapsed: unknown[] = [];
  const phases = new Phases(clock, { requestId: 'request-1' }, (event) => void elapsed.push(event.elapsedMs));
  for (const ms of [10.1, 20.2]) await phases.time('actions', async () => pass(ms));
  expect(phases.phasesMs).toEqual({ actions: 30.3 });
  expect(elapsed).toEqual([undefined, 10.1, undefined, 20.2]);
});

test('a phase that fails is told and counted, and its error goes on', async () => {
  const { clock, pass } = testClock();
  const events: ProgressEvent[] = [];
  const phases = new Phases(clock, { requestId: 'request-1' }, (event) => void events.push(event));
  const failing = phases.time('boot', async () => {
    pass(5);
    throw new Error('no kernel');
  });
  await expect(failing).rejects.toThrow('no kernel');
  expect(phases.phasesMs).toEqual({ boot: 5 });
  expect(events.at(-1)).toMatchObject({ phase: 'boot', state: 'failed', elapsedMs: 5 });
});

test('phases at the same time are counted apart', async () => {
  const { clock, pass } = testClock();
  const phases = new Phases(clock, { requestId: 'request-1' }, () => undefined);
  const overlay = Promise.withResolvers<void>();
  const [disc, both] = [phases.time('disc', async () => pass(3)), phases.time('overlay', () => overlay.promise)];
  await disc;
  pass(4);
  overlay.resolve();
  await both;
  expect(phases.phasesMs).toEqual({ disc: 3, overlay: 4 });
});

test('a step of the wall clock makes no phase longer or shorter', async () => {
  const { clock, pass, stepBack } = testClock();
  const phases = new Phases(clock, { requestId: 'request-1' }, () => undefined);
  await phases.time('agent', async () => {
    pass(7);
    stepBack(3_600_000);
  });
  expect(phases.phasesMs).toEqual({ agent: 7 });
});

test('actions are told by their id', () => {
  const { clock } = testClock();
  const events: ProgressEvent[] = [];
  const phases = new Phases(clock, { requestId: 'request-1' }, (event) => void events.push(event));
  phases.action('octave', 'started');
  phases.action('octave', 'done', 1500);
  const common = { requestId: 'request-1', at: '2026-01-01T00:00:00.000Z', phase: 'action', subject: 'octave' };
  expect(events).toEqual([
    { ...common, state: 'started' },
    { ...common, state: 'done', elapsedMs: 1500 },
  ]);
  expect(phases.phasesMs).toEqual({});
});
