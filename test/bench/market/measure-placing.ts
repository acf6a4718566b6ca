import { percentile, rounded } from '../suite.ts';
import type { BenchGrid, CpuByRole } from './grid.ts';

const IN_FLIGHT = 32;
const PLACING_MS = 5_000;

/** The result of placing as many requests as possible. */
export interface Placing {
  readonly placementsPerSecond: number;
  /** From a request to its VM. */
  readonly placementP95Ms: number;
  /** How many placements failed with which code. */
  readonly failed: Readonly<Record<string, number>>;
  readonly cpuMsPerPlacement: CpuByRole;
}

export async function measurePlacing(grid: BenchGrid, forMs = PLACING_MS): Promise<Placing> {
  const before = grid.cpuMs();
  const placing = await grid.shop.load.run({ work: 'create', inFlight: IN_FLIGHT, forMs });
  const after = grid.cpuMs();
  const each = (role: keyof CpuByRole) => rounded((after[role] - before[role]) / placing.tookMs.length);
  return {
    placementsPerSecond: Math.round((placing.doneInTime * 1_000) / forMs),
    placementP95Ms: rounded(percentile(placing.tookMs, 0.95)),
    failed: placing.failed,
    cpuMsPerPlacement: { shop: each('shop'), brokers: each('brokers'), plants: each('plants') },
  };
}
