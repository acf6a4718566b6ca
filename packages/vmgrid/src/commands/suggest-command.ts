import type { ImageSuggestion, PlantSuggestions } from '@vmgrid/protocol';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { mib } from '../output/image-text.ts';
import { duration, table } from '../output/output.ts';
import { wholeNumber } from '../whole-number.ts';

export function addSuggestCommand(images: Command, context: CommandContext): void {
  images
    .command('suggest')
    .description('which images would have saved most, judged by the requests that plants remember')
    .option('--top <n>', 'how many images each plant suggests', wholeNumber(1), 5)
    .option('--plant <plantId>', 'ask this plant only')
    .action(async ({ top, plant }: { top: number; plant?: string }) => {
      const { client, output } = context();
      const reply = await client.suggestImages({
        top,
        ...(plant === undefined ? {} : { plantId: plant }),
      });
      for (const plantId of reply.silentPlants) output.note(`${plantId} did not answer: its suggestions are missing`);
      output.result(reply, () => reply.plants.map(suggestionsText).join('\n\n') || 'no plant has suggestions');
    });
}

/** Returns a table of the suggestions, and what their images would change together. */
export function suggestionsText(plant: PlantSuggestions): string {
  const { plantId, requests, suggestions } = plant;
  if (requests === 0) return `${plantId} remembers no requests yet`;
  if (suggestions.length === 0) return `${plantId}: no image would have saved any of ${requests} requests time`;
  return [`${plantId}, ${requests} requests:`, suggestionTable(suggestions), sentence(plant)].join('\n');
}

const suggestionTable = (suggestions: readonly ImageSuggestion[]): string =>
  table(
    ['#', 'machine', 'requests', 'saves', 'size', 'buildable', 'actions'],
    suggestions.map(({ machine, requests, savedSeconds, bytes, buildable, actions }, at) => [
      ...[at + 1, `${machine.os}, ${machine.memoryMiB} MiB, ${machine.cpus} cpus`, requests],
      ...[`${savedSeconds.toFixed(1)} s`, mib(bytes), buildable ? 'yes' : 'no'],
      actions.map(({ id }) => id).join(' '),
    ]),
  );

function sentence({ requests, suggestions, before, after }: PlantSuggestions): string {
  const rate = (hits: number): string => `${Math.round((100 * hits) / requests)} %`;
  const images = suggestions.length === 1 ? 'this image' : `these ${suggestions.length} images`;
  const ready = [before, after].map(({ meanSeconds }) => duration(meanSeconds * 1_000)).join(' → ');
  return `With ${images}: hit rate ${rate(before.hits)} → ${rate(after.hits)}, mean time to ready ${ready}.`;
}
