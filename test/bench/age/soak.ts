/** Creates and destroys for long on old plants, and looks whether the daemons end as they began. */
import { openFilesOf } from '../market/process-figures.ts';
import { rounded } from '../suite.ts';
import { liveHeapMiB } from './live-heap.ts';
import { RealGrid } from './real-grid.ts';

export interface Soak {
  readonly minutes: number;
  readonly creates: number;
  /** Of the first minute after the warm-up, and of the last. */
  readonly perSecondFirst: number;
  readonly perSecondLast: number;
  /** Of the shop, without garbage. */
  readonly heapFirstMiB: number;
  readonly heapLastMiB: number;
  /** Open files of the shop and of the plants together. */
  readonly fdsFirst: number;
  readonly fdsLast: number;
  /** Processor time of the shop for each create and destroy. */
  readonly shopMsFirst: number;
  readonly shopMsLast: number;
}

/** `BENCH_SOAK=MINUTES/CREATES`: it lasts until both are reached. */
const [MINUTES = 30, CREATES = 30_000] = (process.env.BENCH_SOAK ?? '30/30000').split('/').map(Number);
const CLIENTS = 4;
const MINUTE_MS = 60_000;
/** Before anything is measured: then the shop remembers as many requests as it keeps, each create and destroy being two. */
const FIRST_CREATES = 5_000;

export async function soak(say: (text: string) => void): Promise<Soak> {
  const grid = await RealGrid.open({ isOld: true });
  try {
    await grid.shop.load.run({ work: 'createAndDestroy', inFlight: CLIENTS, most: FIRST_CREATES });
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
    };
  } finally {
    await grid.close();
  }
}

async function minuteOf(grid: RealGrid) {
  const cpuBefore = grid.shop.cpuMs;
  const [work, heapMiB] = await Promise.all([
    grid.shop.load.run({ work: 'createAndDestroy', inFlight: CLIENTS, forMs: MINUTE_MS }),
    liveHeapMiB(grid.shop, MINUTE_MS),
  ]);
  const creates = work.tookMs.length;
  const fds = grid.pids.reduce((sum, pid) => sum + openFilesOf(pid), 0);
  const shopMs = rounded((grid.shop.cpuMs - cpuBefore) / creates);
  const perSecond = rounded((creates * 1_000) / work.elapsedMs);
  return { creates, perSecond, heapMiB, fds, shopMs, failed: work.failed };
}
