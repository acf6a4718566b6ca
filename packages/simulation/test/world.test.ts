/** Virtual time, seeded chance and a network that fails. */
import { expect, test } from '@jest/globals';
import { within } from '@vmgrid/daemon';
import fc from 'fast-check';
import { Network } from '../src/network/network.ts';
import { Life } from '../src/world/life.ts';
import { Random } from '../src/world/random.ts';
import { World } from '../src/world/world.ts';

const OPTIONS = { latencyLeastMs: 1, latencyMeanMs: 5, lossRate: 0, repeatRate: 0 };
const newWorld = () => new World({ seed: 'test', traceKept: 100 });

test('events come in the order of their times, those of one time in the order in which they were scheduled', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(20)), async (times) => {
      const world = newWorld();
      const came: (readonly [dueAt: number, number: number])[] = [];
      for (const [number, dueAt] of times.entries()) world.schedule(dueAt, () => void came.push([dueAt, number]));
      await world.run(20, () => undefined);
      const expected = times.map((dueAt, number) => [dueAt, number] as const).sort(([a], [b]) => a - b);
      expect(came).toEqual(expected);
    }),
  );
});

test('a seed gives the same numbers again; what is drawn for one purpose does not change those of another', () => {
  const numbers = (random: Random) => Array.from({ length: 5 }, () => random.next());
  const [one, same] = [new Random('a'), new Random('a')];
  expect(numbers(one)).toEqual(numbers(same));
  expect(numbers(one.fork('x'))).toEqual(numbers(new Random('a').fork('x')));
  expect(numbers(one.fork('x'))).not.toEqual(numbers(one.fork('y')));
});

test('numbers are spread evenly, waiting times have their mean', () => {
  const random = new Random('spread');
  const mean = (draw: () => number) => Array.from({ length: 20_000 }, draw).reduce((sum, one) => sum + one, 0) / 20_000;
  expect(mean(() => random.next())).toBeCloseTo(0.5, 1);
  expect(mean(() => random.exponential(10)) / 10).toBeCloseTo(1, 1);
  expect(mean(() => random.integer(1, 3))).toBeCloseTo(2, 1);
});

test('time jumps from one wait to the next, and work goes on in between', async () => {
  const world = newWorld();
  const { clock } = new Life(world, 'one');
  const seen: number[] = [];
  const work = async () => {
    for (const ms of [5, 3_600_000]) {
      await clock.sleep(ms);
      seen.push(clock.monotonic());
    }
  };
  void work();
  await world.run(10_000_000, () => undefined);
  expect(seen).toEqual([5, 3_600_005]);
});

test('nothing of a killed process goes on, and nothing of it is cleaned up', async () => {
  const world = newWorld();
  const life = new Life(world, 'one');
  const seen: string[] = [];
  const work = async () => {
    try {
      await life.clock.sleep(100);
      seen.push('went on');
    } finally {
      seen.push('cleaned up');
    }
  };
  void work();
  world.schedule(50, () => life.kill());
  await world.run(1_000, () => undefined);
  expect(seen).toEqual([]);
});

test('a wait that is aborted ends at once, a deadline in its time', async () => {
  const world = newWorld();
  const { clock } = new Life(world, 'one');
  const stop = new AbortController();
  const outcomes: [number, unknown][] = [];
  const note = (error: unknown) => outcomes.push([clock.monotonic(), error]);
  clock.sleep(1_000, stop.signal).catch(note);
  within({ ms: 300, clock, late: () => new Error('late') }, (until) => clock.sleep(1_000, until)).catch(note);
  world.schedule(200, () => stop.abort('enough'));
  await world.run(2_000, () => undefined);
  expect(outcomes).toEqual([
    [200, 'enough'],
    [300, new Error('late')],
  ]);
});

/** Returns what happens to messages that are sent `together`, a millisecond after the ones before. */
async function arrivals(options: Partial<typeof OPTIONS>, { count = 1_000, together = 1 } = {}) {
  const world = newWorld();
  const network = new Network(world, { ...OPTIONS, ...options });
  const [way, arrived, lost] = [{ from: 'a', to: 'b', lastDueAt: 0 }, [] as number[], [] as number[]];
  const send = (number: number) =>
    network.send(
      way,
      () => void arrived.push(number),
      () => void lost.push(number),
    );
  const numbers = Array.from({ length: count }, (_, number) => number);
  for (let at = 0; at < count; at += together) {
    world.schedule(at, () => numbers.slice(at, at + together).forEach(send));
  }
  await world.run(1_000_000, () => undefined);
  return { arrived, lost, events: world.events };
}

test('messages of one way arrive in their order', async () => {
  expect((await arrivals({})).arrived).toEqual(Array.from({ length: 1_000 }, (_, number) => number));
});

test('as many messages are lost or arrive twice as it says', async () => {
  const { arrived, lost } = await arrivals({ lossRate: 0.2 });
  expect(lost.length / 1_000).toBeCloseTo(0.2, 1);
  expect(arrived.length + lost.length).toBe(1_000);
  expect((await arrivals({ repeatRate: 0.3 })).arrived.length / 1_000).toBeCloseTo(1.3, 1);
});

test('what is sent at once over one way arrives at once, or is lost together', async () => {
  const { arrived, lost, events } = await arrivals({ lossRate: 0.2 }, { together: 10 });
  const groupsOf = (numbers: readonly number[]) => [...new Set(numbers.map((number) => Math.floor(number / 10)))];
  expect(arrived).toHaveLength(10 * groupsOf(arrived).length);
  expect(lost).toHaveLength(10 * groupsOf(lost).length);
  expect(groupsOf(lost).length).toBeGreaterThan(0);
  expect(events).toBe(100 + groupsOf(arrived).length);
});

test('those who are cut off hear each other and nobody else, until they are joined again', () => {
  const network = new Network(newWorld(), OPTIONS);
  const join = network.cutOff(new Set(['a', 'b']));
  const heard = () => [network.connects('a', 'b'), network.connects('b', 'c'), network.connects('c', 'd')];
  expect(heard()).toEqual([true, false, true]);
  join();
  expect(heard()).toEqual([true, true, true]);
});
