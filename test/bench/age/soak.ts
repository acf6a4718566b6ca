/** Creates and destroys for long on old plants, and looks whether the daemons end as they began. */
import { openFilesOf } from '../market/process-figures.ts';
import { rounded } from '../suite.ts';
import { liveHeapMiB } from './live-heap.ts';
import { RealGrid } from './real-grid.ts';

export interface Soak {
  readonly minutes: number;
  readonly creates: number;
  /** In the first minute after the warm-up, and in the last one. */
  readonly perSecondFirst: number;
  readonly perSecondLast: number;
  /** The shop's heap, without garbage. */
  readonly heapFirstMiB: number;
  readonly heapLastMiB: number;
  /** Open files of the shop and of the plants together. */
  readonly fdsFirst: number;
  readonly fdsLast: number;
  /** Processor time for each create and destroy: it says something on a busy machine too. */
  readonly shopMsFirst: number;
  readonly shopMsLast: number;
  readonly plantsMsFirst: number;
  readonly plantsMsLast: number;
}

/**
 * `BENCH_SOAK=MINUTES/CREATES/FIRST`: it lasts until minutes and creates are reached. Before anything is measured there
 * are FIRST others, so that what is remembered in memory alone is full: 10,000 requests, two for each of them, and
 * 10,000 VMs that are gone.
 */
const [MINUTES = 30, CREATES = 30_000, FIRST = 10_000] = (process.env.BENCH_SOAK ?? '30').split('/').map(Number);
const CLIENTS = 4;
const MINUTE_MS = 60_000;

export async function soak(say: (text: string) => void): Promise<Soak> {
  const grid = await RealGrid.open({ isOld: true });
  try {
    await grid.shop.load.run({ work: 'createAndDestroy', inFlight: CLIENTS, most: FIRST });
    say(`the stores are full after ${FIRST} creates`);
    const began = performance.now();
    const minutes = () => (performance.now() - began) / MINUTE_MS;
    const first = await minuteOf(grid);
    let [last, creates] = [first, first.creates];
    while (minutes() < MINUTES || creates < CREATES) {
      last = await minuteOf(grid);
      creates += last.creates;
      say(`${rounded(minutes())} minutes, ${creates} creates: ${JSON.stringify(last)}`);
    }
    return {
      ...{ minutes: rounded(minutes()), creates },
      ...{ perSecondFirst: first.perSecond, perSecondLast: last.perSecond },
      ...{ heapFirstMiB: first.heapMiB, heapLastMiB: last.heapMiB, fdsFirst: first.fds, fdsLast: last.fds },
      ...{ shopMsFirst: first.shopMs, shopMsLast: last.shopMs },
      ...{ plantsMsFirst: first.plantsMs, plantsMsLast: last.plantsMs },
    };
  } finally {
    await grid.close();
  }
}

async function minuteOf(grid: RealGrid) {
  const before = [grid.shop.cpuMs, grid.plantsCpuMs];
  const [work, heapMiB] = await Promise.all([
    grid.shop.load.run({ work: 'createAndDestroy', inFlight: CLIENTS, forMs: MINUTE_MS }),
    liveHeapMiB(grid.shop, MINUTE_MS),
  ]);
  const creates = work.tookMs.length;
  const fds = grid.pids.reduce((sum, pid) => sum + openFilesOf(pid), 0);
  const after = [grid.shop.cpuMs, grid.plantsCpuMs];
  const [shopMs, plantsMs] = after.map((ms, at) => rounded((ms - before[at]!) / creates)) as [number, number];
  const perSecond = rounded((creates * 1_000) / work.elapsedMs);
  return { creates, perSecond, heapMiB, fds, shopMs, plantsMs, failed: work.failed };
}
