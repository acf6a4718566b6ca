/** Writes into the stores of a shop what one has that is old. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openAudit } from '@vmgrid/access';
import type { Trail } from '@vmgrid/protocol';
import { AuctionHistory } from '../../../packages/vmshop/src/auctions/auction-history.ts';
import type { Past } from './past.ts';

export interface ShopFolders {
  readonly accessDirectory: string;
  readonly stateDirectory: string;
  readonly owners: readonly string[];
}

/** Auctions that are handed over before they are written. */
const AT_ONCE = 500;
/** The limits of the default configuration. */
const AUCTIONS = { kept: 10_000, keptBytes: 64 * 1_048_576 };
const ANSWERS = 17;

export function writeShopPast(folders: ShopFolders, past: Past): void {
  writeAudit(folders, past.auditEntries);
  mkdirSync(folders.stateDirectory, { recursive: true, mode: 0o700 });
  const history = new AuctionHistory({ file: join(folders.stateDirectory, 'auctions.sqlite'), ...AUCTIONS });
  for (let number = 0; number < past.auctions; number++) {
    history.keep(trailOf(number), folders.owners[number % folders.owners.length]);
    if (number % AT_ONCE === 0) history.list({ limit: 1 }); // writes what waits
  }
  history.close();
}

/** All of one owner: its share is full. */
function writeAudit({ accessDirectory, owners }: ShopFolders, entries: number): void {
  const audit = openAudit(accessDirectory, 'shop');
  for (let number = 0; number < entries; number++) {
    audit.add({
      ...{ door: 'http', owner: owners[0]!, credential: owners[0]!, from: '127.0.0.1' },
      ...{ operation: 'vm.create', target: `/v1/vms/vm-past-${number}`, outcome: 'ok' },
    });
  }
  audit.close();
}

/** Makes a trail as large as one of a shop with many plants. */
function trailOf(number: number): Trail {
  const plantIds = Array.from({ length: ANSWERS }, (_, at) => `plant-${number + at}`);
  return {
    ...{ auctionId: `past-${number}`, requestId: `past-${number}`, openedAt: new Date(number).toISOString() },
    ...{ deadlineMs: 2_000, closedBy: 'all-answered', closedAfterMs: 1, removed: [] },
    summary: { asked: 1_000, bids: 999, silent: 0, failed: 0, declines: [], removals: [] },
    answers: plantIds.map((plantId) => ({
      ...{ plantId, outcome: 'bid', elapsedMs: 0, cost: 256 },
      plan: {
        ...{ imageId: 'family-0-256', line: 'qemu', start: 'restore' },
        ...{ actionsCached: 3, actionsLeft: 2, expectedSeconds: 1 },
      },
    })),
    order: plantIds.map((plantId) => ({ plantId, cost: 256, rank: 0, tieBreak: number })),
    awards: [{ plantId: plantIds[0]!, outcome: 'accepted' }],
  };
}
