/**
 * Whether a grid that is old is as fast as one made today: over HTTP, with 50 owners, tokens, quotas and audit on disk,
 * one plant hanging and one slow. `BENCH_AGE=market,create,soak` chooses parts, `BENCH_AGE_PLANTS` how many plants the
 * market has.
 */
import { type Creating, measureCreating } from './age/creating.ts';
import { type MarketAges, measureMarket } from './age/placing.ts';
import { type Soak, soak } from './age/soak.ts';
import type { BenchSuite } from './suite.ts';

interface Result {
  /** Figures of the smallest market; `ratio` is old to new. */
  readonly market?: Pick<MarketAges, 'new' | 'old' | 'ratio'>;
  readonly create?: Creating;
  /** Memory of the shop in the largest market. */
  readonly shopMiB?: number;
  readonly soak?: Soak;
  readonly markets: readonly MarketAges[];
}

const PLANTS = (process.env.BENCH_AGE_PLANTS ?? '1000,5000').split(',').map(Number);
const CHOSEN = (process.env.BENCH_AGE ?? 'market,create,soak').split(',');

export const suite: BenchSuite<Result> = {
  async run(say) {
    const part = async <T>(name: string, work: () => Promise<T>): Promise<T | undefined> => {
      if (!CHOSEN.includes(name)) return undefined;
      say(name);
      return work();
    };
    const create = await part('create', () => measureCreating(say));
    const markets: MarketAges[] = [];
    await part('market', async () => {
      for (const plants of PLANTS) markets.push(await measureMarket(plants, say));
    });
    const soaked = await part('soak', () => soak(say));
    const [smallest] = markets;
    return {
      ...(smallest && { market: { new: smallest.new, old: smallest.old, ratio: smallest.ratio } }),
      ...(create && { create }),
      ...(smallest && { shopMiB: markets.at(-1)!.shopMiB }),
      ...(soaked && { soak: soaked }),
      markets,
    };
  },
  describe: ({ markets, create, soak: soaked }) =>
    [
      ...markets.map(
        (one) => `${one.plants} plants: ${one.new} placements/s new, ${one.old} old, shop of ${one.shopMiB} MiB`,
      ),
      ...(create ? [`create and destroy: ${create.newMs} ms new, ${create.oldMs} ms old`] : []),
      ...(soaked ? [`soak: ${JSON.stringify(soaked)}`] : []),
    ].join('\n'),
};
