/**
 * How fast requests are placed as users have it: over HTTP, with owners, tokens, quotas, audit and stores as full as
 * they get, one plant hanging and one slow; flat and through brokers, against plants that are asked, and with each of
 * these taken away.
 */
import { MARKET_LIMITS } from '@vmgrid/market';
import { type Floor, measureFloor } from './market/floor.ts';
import { BenchGrid } from './market/grid.ts';
import { measurePlacing, type Placing } from './market/measure-placing.ts';
import { chosenShapes, type GridShape, nameOf } from './market/shape.ts';
import { type BenchSuite, percentile, rounded } from './suite.ts';

interface Row extends GridShape, Placing {
  /** Latency of auctions one after another, while nothing else goes on. */
  readonly p50Ms: number;
  readonly p95Ms: number;
}

interface Result {
  readonly floor: Floor;
  readonly rows: readonly Row[];
}

const AUCTIONS_MS = 3_000;
const AUCTIONS_MOST = 200;

export const suite: BenchSuite<Result> = {
  async run(say) {
    const shapes = chosenShapes();
    say('the bare floor: WebSocket round trips');
    const floor = await measureFloor(1_000);
    const rows: Row[] = [];
    for (const shape of shapes) {
      say(nameOf(shape));
      rows.push(await measure(shape));
      say(JSON.stringify(rows.at(-1)));
    }
    return { floor, rows };
  },
  describe({ floor, rows }) {
    const lines = rows.map((row) =>
      [nameOf(row).padEnd(48), ...[row.placementsPerSecond, row.p50Ms, row.p95Ms].map(cell), cpuText(row)].join(''),
    );
    const head = ['placements/s', 'p50 ms', 'p95 ms', '  CPU ms of shop+brokers+plants'].map(cell).join('');
    return [
      `bare WebSocket: ${floor.echoesPerSecond} echoes/s, ${floor.p50Ms.toFixed(3)} ms`,
      'plants/brokers/offers-without'.padEnd(48) + head,
      ...lines,
    ].join('\n');
  },
};

async function measure(shape: GridShape): Promise<Row> {
  const grid = await BenchGrid.open(shape);
  try {
    const { load } = grid.shop;
    await grid.warmUp();
    grid.letOneHang();
    // of the one that hangs
    await load.run({ work: 'estimate', most: MARKET_LIMITS.silencesUntilUnawaited, inFlight: 1 });
    const auctions = await load.run({ work: 'estimate', most: AUCTIONS_MOST, inFlight: 1, forMs: AUCTIONS_MS });
    return {
      ...shape,
      ...(await measurePlacing(grid)),
      p50Ms: rounded(percentile(auctions.tookMs, 0.5)),
      p95Ms: rounded(percentile(auctions.tookMs, 0.95)),
    };
  } finally {
    await grid.close();
  }
}

const cell = (value: unknown): string => String(value).padStart(14);

const cpuText = ({ cpuMsPerPlacement: { shop, brokers, plants } }: Row) => `  ${shop}+${brokers}+${plants}`;
