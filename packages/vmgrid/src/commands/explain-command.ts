import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { readDocument } from '../documents.ts';
import { explanationDot } from '../output/explanation-dot.ts';
import { explanationText } from '../output/explanation-text.ts';
import { trailText } from '../output/trail-text.ts';
import { wholeNumber } from '../whole-number.ts';

export function addExplainCommand(program: Command, context: CommandContext): void {
  program
    .command('explain [document]')
    .description(
      'explain from which image each plant would make the machine of a request, and why; or what an auction decided, and why',
    )
    .option('--auction <id>', 'a past auction, instead of a document')
    .option('--top <n>', 'how many candidates and misses to name of each plant', wholeNumber(1), 5)
    .option('--dot', 'draw the request in Graphviz DOT, with what the chosen image has of it and the nearest miss')
    .action(async (file: string | undefined, { top, dot, auction }: ExplainOptions, command: Command) => {
      const { client, output } = context();
      if (auction !== undefined) {
        const trail = await client.auction(auction);
        output.result(trail, () => trailText(trail));
        return;
      }
      if (file === undefined) command.error("error: missing required argument 'document', or --auction");
      const request = await readDocument(file, 'estimate');
      const reply = await client.explain(request, top);
      for (const plantId of reply.silentPlants) output.note(`${plantId} did not answer: its images are missing here`);
      output.result(reply, () => (dot ? explanationDot(request, reply) : explanationText(reply)));
    });
}

interface ExplainOptions {
  readonly top: number;
  readonly dot?: true;
  readonly auction?: string;
}
