/** Placements with plants that have no machines, on a grid made new and on one made old, in turns. */
import { BenchGrid } from '../market/grid.ts';
import { measurePlacing, type Placing } from '../market/measure-placing.ts';
import { peakMiBOf } from '../market/process-figures.ts';
import { rounded } from '../suite.ts';

export interface MarketAges {
  readonly plants: number;
  /** Placements per second, in the mean of the rounds. */
  readonly new: number;
  readonly old: number;
  readonly ratio: number;
  /** The most memory that the shop of the old grid ever had. */
  readonly shopMiB: number;
  readonly rounds: readonly { readonly new: Placing; readonly old: Placing }[];
}

const ROUNDS = 3;

export async function measureMarket(plants: number, say: (text: string) => void): Promise<MarketAges> {
  const open = (without: readonly 'age'[]) => BenchGrid.open({ plants, brokers: 0, offers: 'standing', without });
  const fresh = await open(['age']);
  let old: BenchGrid | undefined;
  try {
    old = await open([]);
    for (const grid of [fresh, old]) {
      await grid.warmUp();
      grid.letOneHang();
    }
    const rounds: MarketAges['rounds'][number][] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push({ new: await measurePlacing(fresh), old: await measurePlacing(old) });
      say(JSON.stringify(rounds.at(-1)));
    }
    const mean = (age: 'new' | 'old') =>
      Math.round(rounds.reduce((sum, round) => sum + round[age].placementsPerSecond, 0) / ROUNDS);
    const [ofNew, ofOld] = [mean('new'), mean('old')];
    return {
      ...{ plants, new: ofNew, old: ofOld, ratio: rounded(ofOld / ofNew) },
      ...{ shopMiB: peakMiBOf(old.shop.pid), rounds },
    };
  } finally {
    await fresh.close();
    await old?.close();
  }
}
