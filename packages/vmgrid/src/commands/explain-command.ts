import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { readDocument } from '../documents.ts';
import { explanationDot } from '../explanation-dot.ts';
import { explanationText } from '../explanation-text.ts';

export function addExplainCommand(program: Command, context: CommandContext): void {
  program
    .command('explain <document>')
    .description('why plants would make the machine of a request from the image they would, and not from another')
    .option('--top <n>', 'how many candidates and misses to name of each plant', '5')
    .option('--dot', 'draw the request in Graphviz DOT, with what the chosen image has of it and the nearest miss')
    .action(async (file: string, { top, dot }: { top: string; dot?: true }) => {
      const { client, output } = context();
      const request = await readDocument(file, 'estimate');
      const reply = await client.explain(request, Number(top));
      for (const plantId of reply.silentPlants) output.note(`${plantId} did not answer: its images are missing here`);
      output.result(reply, () => (dot ? explanationDot(request, reply) : explanationText(reply)));
    });
}
