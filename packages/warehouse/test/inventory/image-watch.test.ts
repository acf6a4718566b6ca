import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { startNode } from '@vmgrid/test-support/hosts/node-process.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import type { GoldenImage } from '../../src/images/manifest.ts';
import { ImageWatch, type ImageWatchDeps } from '../../src/inventory/image-watch.ts';
import { Warehouse } from '../../src/warehouse.ts';

const directory = useTemporaryFolder();
const STORE_PROCESS = join(import.meta.dirname, '../store-process.ts');
const NEVER_MS = 2 ** 31 - 1;

let watching: ImageWatch | undefined;
afterEach(() => watching?.close());

type Source = ImageWatchDeps['warehouse'];

/** Watches; `until` resolves when a change was told after which this holds. */
function watch(warehouse: Source, lookedAtEveryMs = NEVER_MS) {
  const warned: string[] = [];
  let told: () => unknown = () => undefined;
  const log = { warn: (_: object, text: string) => void warned.push(text) };
  watching = new ImageWatch({ warehouse, changed: () => told(), log: log as never }, { lookedAtEveryMs });
  const until = (holds: (ids: readonly string[]) => boolean) =>
    new Promise<void>((resolve) => {
      told = async () => holds([...(await warehouse.inventory.images()).keys()]) && resolve();
    });
  return { warned, until };
}

test('an image that another process moves in, and one that it moves out, is an event', async () => {
  const warehouse = await Warehouse.open(directory());
  const { until } = watch(warehouse);
  const movedIn = until((ids) => ids.includes('theirs'));
  await startNode(STORE_PROCESS, directory(), 'promote', 'theirs').end();
  await movedIn;
  const movedOut = until((ids) => ids.length === 0);
  await (await Warehouse.open(directory())).remove('theirs');
  await movedOut;
}, 30_000);

test('where there are no events, the warehouse is looked at', async () => {
  const images = new Map<string, GoldenImage>();
  let there = images;
  const { until, warned } = watch(
    { directory: join(directory(), 'nowhere'), inventory: { images: async () => there } },
    5,
  );
  expect(warned).toEqual(['changes of the warehouse make no events: it is looked at instead']);
  const changed = until((ids) => ids.includes('theirs'));
  there = new Map([['theirs', {} as GoldenImage]]);
  await changed;
});

test('a warehouse that cannot be read for a while does not end the watch', async () => {
  let there = new Map<string, GoldenImage>();
  let isAway = true;
  const images = async () => {
    if (isAway) throw new Error('the folder of the network is away');
    return there;
  };
  const { until, warned } = watch({ directory: join(directory(), 'nowhere'), inventory: { images } }, 5);
  await eventually(() => warned.includes('the warehouse could not be looked at'));
  const changed = until((ids) => ids.includes('theirs'));
  there = new Map([['theirs', {} as GoldenImage]]);
  isAway = false;
  await changed;
});

async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}
