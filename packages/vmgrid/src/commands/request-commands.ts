/** Commands about requests: cancel, follow, and what plants remember of those that they carried out. */
import { follows, type OperationReply, type VmReply, VmReply as VmReplySchema } from '@vmgrid/protocol';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { exportRequests } from '../export-requests.ts';
import { followToEnd } from '../follow.ts';
import { forEach } from '../for-each.ts';
import { adText } from '../output/ad-text.ts';

export function addRequestCommands(program: Command, context: CommandContext): void {
  program
    .command('cancel <requestId...>')
    .description('end the work of requests and undo it; of one that has ended, say what came of it')
    .action(async (requestIds: string[]) => {
      const { client, output } = context();
      await forEach(requestIds, output, async (requestId) => {
        const reply = await client.cancel(requestId);
        output.result(reply, () => outcomeText(reply));
      });
    });

  program
    .command('follow <requestId>')
    .description('show the progress of a request until it has ended, then its result')
    .action(async (requestId: string) => {
      const { client, output } = context();
      const result = await followToEnd<unknown>(client, { requestId }, output.json);
      output.result(result, () => (isVm(result) ? adText(result.vm) : JSON.stringify(result, null, 2)));
    });

  program
    .command('requests')
    .description('what plants remember of the requests that they carried out')
    .command('export')
    .description('write the recorded requests as JSON, for simulate --replay; no ids, names, texts or attributes')
    .option('--plant <plantId...>', 'of these plants only')
    .action(async ({ plant }: { plant?: readonly string[] }) => {
      const { client, output } = context();
      const recorded = await exportRequests(client, plant);
      for (const plantId of recorded.silentPlants) output.note(`${plantId} did not answer: its requests are missing`);
      output.result(recorded, () => JSON.stringify(recorded, null, 2));
    });
}

const isVm = (result: unknown): result is VmReply => follows(VmReplySchema, result);

/** Tells the result of a request that was to be cancelled. */
function outcomeText({ requestId, error, result }: OperationReply): string {
  if (error?.code === 'REQUEST_CANCELLED') return `${requestId} is cancelled`;
  if (error) return `${requestId} had failed before: ${error.code}: ${error.message}`;
  if (!isVm(result)) return `${requestId} was done before`;
  const { VmId, State } = result.vm;
  return `${requestId} was done before: ${VmId} is ${State}; \`vmgrid destroy ${VmId}\` takes it away`;
}
