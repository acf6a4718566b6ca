/**
 * The cost of a create and destroy over HTTP on real plants, new and old, in turns so that both see the same machine.
 */
import { percentile, rounded } from '../suite.ts';
import { RealGrid } from './real-grid.ts';

export interface Creating {
  /** From the request for a VM until it is there and gone again, in the middle, with four clients at a time. */
  readonly newMs: number;
  readonly oldMs: number;
  readonly ratio: number;
  /** Processor time of each create and destroy. */
  readonly cpuMs: { readonly new: CreatingCpu; readonly old: CreatingCpu };
  readonly failed: Readonly<Record<string, number>>;
}

export interface CreatingCpu {
  readonly shop: number;
  readonly plants: number;
}

const CLIENTS = 4;
const ROUND_MS = 5_000;
const ROUNDS = 4;
/** So that the code that runs is the compiled one in every process. */
const WARM_UP = { most: 1_000, forMs: 60_000 };

export async function measureCreating(say: (text: string) => void): Promise<Creating> {
  await using both = await openBoth();
  const sides = [new Side(both.fresh), new Side(both.old)] as const;
  for (const side of sides) await side.warmUp();
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of sides) await side.measure();
    say(`round ${round + 1} of ${ROUNDS}: ${sides.map(({ ms }) => `${ms} ms`).join(' new, ')} old`);
  }
  const [fresh, old] = sides;
  return {
    ...{ newMs: fresh.ms, oldMs: old.ms, ratio: rounded(old.ms / fresh.ms) },
    ...{ cpuMs: { new: fresh.cpu, old: old.cpu }, failed: { ...fresh.failed, ...old.failed } },
  };
}

async function openBoth() {
  const fresh = await RealGrid.open({ isOld: false });
  const old = await RealGrid.open({ isOld: true }).catch(async (error) => {
    await fresh.close();
    throw error;
  });
  return {
    ...{ fresh, old },
    async [Symbol.asyncDispose]() {
      await Promise.all([fresh.close(), old.close()]);
    },
  };
}

class Side {
  readonly failed: Record<string, number> = {};
  readonly #grid: RealGrid;
  readonly #tookMs: number[] = [];
  #shopMs = 0;
  #plantsMs = 0;

  constructor(grid: RealGrid) {
    this.#grid = grid;
  }

  async warmUp(): Promise<void> {
    await this.#grid.shop.load.run({ work: 'createAndDestroy', inFlight: CLIENTS, ...WARM_UP });
  }

  async measure(): Promise<void> {
    const { shop } = this.#grid;
    const [shopBefore, plantsBefore] = [shop.cpuMs, this.#grid.plantsCpuMs];
    const { tookMs, failed } = await shop.load.run({ work: 'createAndDestroy', inFlight: CLIENTS, forMs: ROUND_MS });
    this.#shopMs += shop.cpuMs - shopBefore;
    this.#plantsMs += this.#grid.plantsCpuMs - plantsBefore;
    this.#tookMs.push(...tookMs);
    for (const [code, count] of Object.entries(failed)) this.failed[code] = (this.failed[code] ?? 0) + count;
  }

  get ms(): number {
    return rounded(percentile(this.#tookMs, 0.5));
  }

  get cpu(): CreatingCpu {
    const count = this.#tookMs.length;
    return { shop: rounded(this.#shopMs / count), plants: rounded(this.#plantsMs / count) };
  }
}
