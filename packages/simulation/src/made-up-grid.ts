/** The grid of a simulation with generated requests: plants of several sizes, and faults as the options say. */
import { type GridPlan, numbered } from './grid.ts';
import { LEVELS, type SimulationOptions } from './options.ts';
import { virtualImages } from './scenario.ts';
import { Random } from './world/random.ts';

const SIZES_MIB = [2_048, 4_096, 8_192];
const VMS = 8;
const BOOT_MS = 9_000;
const RESTORE_MS = 150;
const KEEP_MEAN_MS = 60_000;
const CREATIONS = 2;

const DEED_MEAN_MS = 20_000;
const LEASE = 'PT5M';

export function madeUpGrid(options: SimulationOptions): GridPlan {
  const { seed, shops, brokers, plants, cost, faults, offers, deeds } = options;
  const levels = LEVELS[faults];
  const sizes = new Random(seed).fork('sizes');
  return {
    ...{ seed, shops, brokers, cost, offers, concurrentCreations: CREATIONS, network: levels },
    plants: numbered('plant', plants).map((plantId) => {
      const memoryMiB = sizes.pick(SIZES_MIB);
      return { plantId, capacity: { memoryMiB, diskMiB: 1_000_000, cpusPerVm: 4, vms: VMS } };
    }),
    images: virtualImages(),
    machines: { ...levels, startMs: (start) => (start === 'boot' ? BOOT_MS : RESTORE_MS), jitter: 0.25 },
    client: {
      ...{ destroyRate: 0.5, suspendRate: 0.2, lease: LEASE },
      keepMs: (random) => random.exponential(KEEP_MEAN_MS),
      deeds: { most: deeds, everyMs: DEED_MEAN_MS },
    },
  };
}
