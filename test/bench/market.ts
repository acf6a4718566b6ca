/**
 * How fast requests are placed: over real sockets on loopback, with simulated plants in other processes, one of them hanging
 * and one slow; flat and through brokers, and against plants that publish nothing and are asked.
 */

import { MARKET_LIMITS } from '@vmgrid/market';
import { type Floor, measureFloor } from './market/floor.ts';
import { BenchGrid, type CpuByRole, type GridShape, type MemoryMiB } from './market/grid.ts';
import { requestOf } from './market/warehouse.ts';
import { type BenchSuite, percentile } from './suite.ts';

interface Row extends GridShape {
  readonly placementsPerSecond: number;
  /** Of one auction after the other, while nothing else goes on. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** From a request to its VM, while as many as can be are placed. */
  readonly placementP95Ms: number;
  /** How many placements failed with which code. */
  readonly failed: Readonly<Record<string, number>>;
  readonly cpuMsPerPlacement: CpuByRole;
  /** Of the shop's process, the bench's own in it. */
  readonly shopMiB: MemoryMiB;
}

interface Result {
  readonly floor: Floor;
  readonly rows: readonly Row[];
}

/** Of plants that are new. */
const DEPARTED = 32;

const SHAPES: readonly GridShape[] = [
  { plants: 10, brokers: 0, offers: 'standing', departed: DEPARTED },
  { plants: 100, brokers: 0, offers: 'standing', departed: DEPARTED },
  { plants: 1_000, brokers: 0, offers: 'standing', departed: DEPARTED },
  { plants: 5_000, brokers: 0, offers: 'standing', departed: DEPARTED },
  { plants: 10, brokers: 2, offers: 'standing', departed: DEPARTED },
  { plants: 100, brokers: 2, offers: 'standing', departed: DEPARTED },
  { plants: 1_000, brokers: 2, offers: 'standing', departed: DEPARTED },
  { plants: 5_000, brokers: 2, offers: 'standing', departed: DEPARTED },
  { plants: 10, brokers: 0, offers: 'asked', departed: DEPARTED },
  { plants: 100, brokers: 0, offers: 'asked', departed: DEPARTED },
  { plants: 1_000, brokers: 0, offers: 'asked', departed: DEPARTED },
];

/** So that the code that runs is the compiled one in every process. */
const WARM_UP = 3_000;
const WARM_UP_MS = 15_000;
const AUCTIONS_MS = 3_000;
const AUCTIONS_MOST = 200;
const PLACING_MS = 5_000;
const IN_FLIGHT = 32;

export const suite: BenchSuite<Result> = {
  async run(say) {
    say('the bare floor: WebSocket round trips');
    const floor = await measureFloor(1_000);
    const rows: Row[] = [];
    for (const shape of chosen()) {
      say(`${shape.plants} plants, ${shape.brokers} brokers, ${shape.offers}`);
      rows.push(await measure(shape));
      say(JSON.stringify(rows.at(-1)));
    }
    return { floor, rows };
  },
  describe({ floor, rows }) {
    const cells = rows.map((row) =>
      [
        ...[row.plants, row.brokers, row.offers, row.departed, row.placementsPerSecond, row.p50Ms, row.p95Ms],
        cpuText(row),
      ]
        .map((cell) => String(cell).padStart(12))
        .join(''),
    );
    const head = [
      'plants',
      'brokers',
      'offers',
      'departed',
      'placements/s',
      'p50 ms',
      'p95 ms',
      'CPU ms of shop+brokers+plants',
    ];
    return [
      `bare WebSocket: ${floor.echoesPerSecond} echoes/s, ${floor.p50Ms.toFixed(3)} ms`,
      head.map((name) => name.padStart(12)).join(''),
      ...cells,
    ].join('\n');
  },
};

/** What each owner may have in a row with owners: it is counted, and nobody gets there. */
const QUOTAS = { default: { vms: 100_000 } };

/**
 * All shapes, or those that `BENCH_MARKET` names, such as `5000/2/standing`, or `5000/2/standing/10000` departed VMs, or
 * `5000/2/standing/10000/50` with so many owners that have quotas.
 */
const chosen = (): readonly GridShape[] => process.env.BENCH_MARKET?.split(',').map(shapeOf) ?? SHAPES;

function shapeOf(text: string): GridShape {
  const [plants, brokers, offers, departed, owners] = text.split('/');
  return {
    ...{ plants: Number(plants), brokers: Number(brokers), offers: offers === 'asked' ? 'asked' : 'standing' },
    departed: Number(departed ?? DEPARTED),
    ...(owners !== undefined && { owners: Number(owners), quotas: QUOTAS }),
  };
}

async function measure(shape: GridShape): Promise<Row> {
  const grid = await BenchGrid.open(shape);
  try {
    let number = 0;
    const next = () => requestOf(number++, shape.owners);
    const place = async () => void (await grid.shop.create(next()).settled);
    await repeat(place, WARM_UP, IN_FLIGHT, WARM_UP_MS);
    grid.letOneHang();
    const estimate = () => grid.shop.estimate(next());
    await repeat(estimate, MARKET_LIMITS.silencesUntilUnawaited, 1, Number.POSITIVE_INFINITY); // of the one that hangs
    const auctions = await repeat(estimate, AUCTIONS_MOST, 1, AUCTIONS_MS);
    const cpuBefore = grid.cpuMs();
    const placing = await repeat(place, Number.POSITIVE_INFINITY, IN_FLIGHT, PLACING_MS);
    return {
      ...shape,
      placementsPerSecond: Math.round((placing.doneInTime * 1_000) / PLACING_MS),
      p50Ms: rounded(percentile(auctions.tookMs, 0.5)),
      p95Ms: rounded(percentile(auctions.tookMs, 0.95)),
      placementP95Ms: rounded(percentile(placing.tookMs, 0.95)),
      failed: placing.failed,
      cpuMsPerPlacement: perPlacement(cpuBefore, grid.cpuMs(), placing.tookMs.length),
      shopMiB: grid.shopMiB(),
    };
  } finally {
    await grid.close();
  }
}

const perPlacement = (before: CpuByRole, after: CpuByRole, placements: number): CpuByRole => {
  const each = (role: keyof CpuByRole) => rounded((after[role] - before[role]) / placements);
  return { shop: each('shop'), brokers: each('brokers'), plants: each('plants') };
};

interface Repeated {
  readonly tookMs: readonly number[];
  readonly failed: Readonly<Record<string, number>>;
  /** Without what was begun before the time was up and took longer, such as what was awarded to the one that hangs. */
  readonly doneInTime: number;
}

/** Works so often, so many at a time, until the time is up. */
async function repeat(work: () => Promise<unknown>, most: number, inFlight: number, forMs: number): Promise<Repeated> {
  const began = performance.now();
  const isInTime = () => performance.now() - began < forMs;
  const tookMs: number[] = [];
  let [started, doneInTime] = [0, 0];
  const failed: Record<string, number> = {};
  const worker = async () => {
    while (started < most && isInTime()) {
      started++;
      const at = performance.now();
      await work().then(
        () => {
          tookMs.push(performance.now() - at);
          if (isInTime()) doneInTime++;
        },
        (error) => {
          failed[error.code] = (failed[error.code] ?? 0) + 1;
        },
      );
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return { tookMs, failed, doneInTime };
}

const cpuText = ({ cpuMsPerPlacement: { shop, brokers, plants } }: Row) => `  ${shop}+${brokers}+${plants}`;

const rounded = (ms: number): number => Math.round(ms * 100) / 100;
