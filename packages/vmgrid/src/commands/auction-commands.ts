/** `vmgrid auctions`: lists past auctions. `explain --auction` shows one in full. */
import type { AuctionListReply } from '@vmgrid/protocol';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { duration, table } from '../output/output.ts';
import { wholeNumber } from '../whole-number.ts';

export function addAuctionCommands(program: Command, context: CommandContext): void {
  program
    .command('auctions')
    .description('list past auctions, the newest first')
    .option('--request <id>', 'only those of one request')
    .option('--limit <count>', 'most auctions to show, the newest; left out: all', wholeNumber(1))
    .action(async ({ request, limit }: { request?: string; limit?: number }) => {
      const { client, output } = context();
      const reply = await client.auctions({
        ...(request === undefined ? {} : { requestId: request }),
        ...(limit === undefined ? {} : { limit }),
      });
      output.result(reply, () => auctionTable(reply));
    });
}

const auctionTable = ({ auctions }: AuctionListReply): string =>
  table(
    ['auction', 'request', 'opened', 'took', 'asked', 'bids', 'winner'],
    auctions.map(({ auctionId, requestId, openedAt, closedAfterMs, summary, winner }) => [
      ...[auctionId, requestId, openedAt, duration(closedAfterMs), summary.asked, summary.bids, winner],
    ]),
  );
