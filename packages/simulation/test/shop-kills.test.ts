/** Shops that are killed again and again, before plants that nothing happens to. */
import { expect, test } from '@jest/globals';
import { checkPlant } from '../src/checks.ts';
import { Grid } from '../src/grid.ts';
import { madeUpGrid } from '../src/made-up-grid.ts';
import { DEFAULTS, OFFER_KINDS } from '../src/options.ts';
import { anyWork } from '../src/scenario.ts';

const [REQUESTS, KILLS, BUSY_MS, REST_MS, DOWN_MS] = [40, 20, 60_000, 900_000, 500];

/** Requests that became two VMs. Plants make two machines at a time: most creations wait, without a record yet. */
async function splitRequests(seed: string, offers: (typeof OFFER_KINDS)[number]): Promise<ReadonlySet<string>> {
  const grid = new Grid(madeUpGrid({ ...DEFAULTS, seed, offers, plants: 4, shops: 2, faults: 'none', deeds: 0 }));
  const { world, shops, client, ledger } = grid;
  const [requests, kills] = [world.random.fork('requests'), world.random.fork('kills')];
  grid.start();
  for (let number = 1; number <= REQUESTS; number += 1) {
    const work = anyWork(requests);
    world.schedule(requests.next() * BUSY_MS, () => void client.ask(`request-${number}`, work));
  }
  for (let kill = 1; kill <= KILLS; kill += 1) {
    world.schedule(kills.next() * BUSY_MS, () => {
      const shop = kills.pick(shops);
      shop.kill();
      world.schedule(DOWN_MS, () => shop.start());
    });
  }
  await world.run(REST_MS, () => {
    for (const node of grid.takeChanged()) checkPlant(node, ledger, world);
  });
  return ledger.split;
}

test.each(['1', '2', '3', '4'].flatMap((seed) => OFFER_KINDS.map((offers) => ({ seed, offers }))))(
  'seed $seed, offers $offers: a request whose creation waits for its turn at a plant does not become another VM elsewhere',
  async ({ seed, offers }) => {
    expect(await splitRequests(`kills-${seed}`, offers)).toEqual(new Set());
  },
  60_000,
);
