/** `vmgrid requests`: the requests that plants remember. */
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { exportRequests } from '../export-requests.ts';

export function addRequestCommands(program: Command, context: CommandContext): void {
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
