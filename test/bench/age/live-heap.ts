import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchShop } from '../market/bench-shop.ts';

const LOOKED_EVERY_MS = 250;

/** The least that a shop's heap comes down to in a time, in MiB: what is left just after its garbage was collected. */
export async function liveHeapMiB(shop: BenchShop, forMs: number): Promise<number> {
  const endsAt = performance.now() + forMs;
  let least = Number.POSITIVE_INFINITY;
  while (performance.now() < endsAt) {
    least = Math.min(least, (await shop.memory()).heapUsedMiB);
    await sleep(LOOKED_EVERY_MS);
  }
  return least;
}
