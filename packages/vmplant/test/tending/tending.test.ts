import { expect, test } from '@jest/globals';
import type { Clock } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import { toEnd } from '@vmgrid/test-support/jest/to-end.ts';
import { Activity } from '../../src/tending/activity.ts';
import type { Proposal } from '../../src/tending/advisor.ts';
import { suggestImages } from '../../src/tending/suggest.ts';
import { Tending } from '../../src/tending/tending.ts';
import { asked, base, inputOf } from './recorded-requests.ts';

/** Time that passes when it is told to. */
class HandClock implements Pick<Clock, 'now' | 'monotonic' | 'sleep'> {
  #now = 0;
  readonly #sleepers = new Set<{ readonly until: number; readonly wake: () => void }>();

  now = (): number => this.#now;
  monotonic = (): number => this.#now;

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper = { until: this.#now + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason);
      });
    });
  }

  async pass(ms: number): Promise<void> {
    await settle();
    this.#now += ms;
    for (const sleeper of this.#sleepers) {
      if (sleeper.until > this.#now) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
    await settle();
  }
}

/** Lets all promises that can go on do so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const [suggestion] = toEnd(suggestImages(inputOf([asked('A')]), { count: 1 }));
const proposalOf = (key: string): Proposal => ({
  ...{ key, machine: suggestion!.machine, suggestion: suggestion! },
  dag: { actions: [{ kind: 'script', id: key, script: key }], edges: [] },
});

type Ending = 'done' | GridError;

function workshop(...keys: readonly string[]) {
  const clock = new HandClock();
  const activity = new Activity(clock);
  const log: string[] = [];
  const builds: { readonly key: string; readonly end: (ending: Ending) => void }[] = [];
  const added: string[] = [];
  const stopping = new AbortController();
  const say = (_: unknown, text?: string) => void log.push(String(text));
  const tending = new Tending(
    {
      activity,
      advisor: {
        propose: async ({ tried }) => keys.filter((key) => !tried(key)).map(proposalOf)[0],
      },
      tended: { add: (id) => void added.push(id) },
      build: ({ dag }, signal) =>
        new Promise((resolve, reject) => {
          const end = (ending: Ending) =>
            ending === 'done' ? resolve({ image: base, built: true, leftOut: [] }) : reject(ending);
          builds.push({ key: dag.actions[0]!.id, end });
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        }),
      log: { info: say, warn: say, error: say },
    },
    { idleForMs: 60_000, quotaBytes: 1, minimumSavedSeconds: 0 },
  );
  const ended = tending.run(stopping.signal);
  const names = () => builds.map(({ key }) => key);
  const stop = async () => {
    stopping.abort();
    await ended;
  };
  return { clock, activity, log, builds, names, added, tending, stop };
}

const BEGUN = 'the plant is idle and builds an image that would save time';

test('nothing is built before the plant has been idle for as long as it is told', async () => {
  const { clock, names, stop } = workshop('A');
  await clock.pass(59_999);
  expect(names()).toEqual([]);
  await clock.pass(1);
  expect(names()).toEqual(['A']);
  await stop();
});

test('work starts the wait anew', async () => {
  const { clock, activity, names, stop } = workshop('A');
  await clock.pass(50_000);
  await activity.during(async () => clock.pass(100_000));
  await clock.pass(59_999);
  expect(names()).toEqual([]);
  await clock.pass(1);
  expect(names()).toEqual(['A']);
  await stop();
});

test('images are built one at a time, each after another wait, and what is tried is not tried again', async () => {
  const { clock, names, builds, log, added, stop } = workshop('A', 'B');
  await clock.pass(60_000);
  await clock.pass(600_000);
  expect(names()).toEqual(['A']);
  builds[0]!.end('done');
  await settle();
  await clock.pass(60_000);
  expect(names()).toEqual(['A', 'B']);
  builds[1]!.end(new GridError('ACTION_FAILED', 'the script failed'));
  await settle();
  await clock.pass(600_000);
  expect(names()).toEqual(['A', 'B']);
  expect(log).toEqual([BEGUN, 'the image is there', BEGUN, 'an image that would save time could not be built']);
  expect(added).toEqual(['base']);
  await stop();
});

test('a build is abandoned when work comes, and tried again when the plant is idle again', async () => {
  const { clock, activity, names, log, stop } = workshop('A');
  await clock.pass(60_000);
  await activity.during(settle);
  expect(log).toEqual([BEGUN, 'the image was abandoned']);
  await clock.pass(60_000);
  expect(names()).toEqual(['A', 'A']);
  await stop();
});

test('giving way resolves when the build is undone, and at once when there is none', async () => {
  const { clock, tending, log, stop } = workshop('A');
  await tending.giveWay();
  await clock.pass(60_000);
  await tending.giveWay();
  expect(log).toEqual([BEGUN, 'the image was abandoned']);
  await stop();
});

test('when nothing is wanting it waits for work, not for time', async () => {
  const { clock, activity, names, stop } = workshop();
  await clock.pass(60_000);
  await clock.pass(600_000);
  await activity.during(settle);
  await clock.pass(60_000);
  expect(names()).toEqual([]);
  await stop();
});

test('stopping ends a build, a wait for time and a wait for work', async () => {
  for (const passed of [0, 60_000]) {
    for (const keys of [['A'], []]) {
      const { clock, stop } = workshop(...keys);
      await clock.pass(passed);
      await stop();
    }
  }
});
