import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { MemberChange } from '@vmgrid/market';
import { PlantRegister } from '../../src/plants/plant-register.ts';
import { StartupGracePeriod } from '../../src/plants/startup-grace-period.ts';

const change = (what: MemberChange['change'], plantId: string, role: MemberChange['role'] = 'plant'): MemberChange => ({
  ...{ change: what, role, plantId, version: '1', via: [] },
});

let folder: string;
let now: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reunion-'));
  now = 1_000_000;
});
afterEach(() => rm(folder, { recursive: true }));

const open = () => new PlantRegister(join(folder, 'plants.sqlite'), { now: () => now });

test('a shop that is started again knows who was there, but for those that had left for good', () => {
  const first = open();
  for (const id of ['stays', 'left-just-now', 'left-long-ago']) first.note(change('joined', id));
  first.note(change('joined', 'broker-1', 'broker'));
  first.note(change('left', 'left-long-ago'));
  now += 20_000;
  first.note(change('left', 'left-just-now'));
  now += 5_000;
  first.close();
  first.note(change('left', 'stays'));
  const second = open();
  expect(second.before(20_000)).toEqual([
    { plantId: 'stays', absentMs: 0 },
    { plantId: 'left-just-now', absentMs: 5_000 },
  ]);
  second.note(change('joined', 'left-just-now'));
  now += 60_000;
  second.close();
  const third = open();
  expect(third.before(120_000)).toEqual([
    { plantId: 'stays', absentMs: 60_000 }, // since the shop before this one began
    { plantId: 'left-just-now', absentMs: 0 },
  ]);
  third.close();
});

/** Whether the reunion is over by now. */
const isOver = async ({ over }: StartupGracePeriod) =>
  (await Promise.race([over, Promise.resolve('not yet')])) !== 'not yet';

function reunionOf(...plantIds: string[]) {
  const { promise: time, resolve: pass } = Promise.withResolvers<void>();
  const sleep = (_: number, signal?: AbortSignal) => {
    const aborted = new Promise<void>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    return Promise.race([time, aborted]);
  };
  return { startupGracePeriod: new StartupGracePeriod(plantIds, { clock: { sleep }, withinMs: 20_000 }), pass };
}

test('a shop that nobody was connected to waits for nobody', async () => {
  const { startupGracePeriod } = reunionOf();
  await startupGracePeriod.over;
});

test('it waits until the last of those is back that were there, by whatever name others come', async () => {
  const { startupGracePeriod } = reunionOf('plant-1', 'plant-2');
  startupGracePeriod.note(change('joined', 'plant-1'));
  startupGracePeriod.note(change('joined', 'stranger'));
  startupGracePeriod.note(change('joined', 'plant-2', 'broker'));
  expect(await isOver(startupGracePeriod)).toBe(false);
  startupGracePeriod.note(change('joined', 'plant-2'));
  await startupGracePeriod.over;
});

test('it waits no longer than it may', async () => {
  const { startupGracePeriod, pass } = reunionOf('plant-1');
  expect(await isOver(startupGracePeriod)).toBe(false);
  pass();
  await startupGracePeriod.over;
});
