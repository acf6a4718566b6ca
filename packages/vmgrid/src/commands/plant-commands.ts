/** `vmgrid plants`: lists who is connected, in which state, and over which brokers. */
import type { PlantListReply, Rival } from '@vmgrid/protocol';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { adText } from '../output/ad-text.ts';
import { duration, table } from '../output/output.ts';

export function addPlantCommands(program: Command, context: CommandContext): void {
  program
    .command('plants')
    .description('list the plants that are connected, directly and through brokers')
    .option('--ads', 'show the whole classad of each')
    .option('--follow', 'show each plant that joins, moves or leaves, until Ctrl-C')
    .action(async ({ ads, follow }: { ads?: true; follow?: true }) => {
      const { client, output } = context();
      if (follow) {
        process.stdout.once('error', () => process.exit()); // nobody reads any more
        for await (const change of client.plantEvents()) {
          const { at, event, role, plantId, via = [], reason } = change;
          const by = via.length === 0 ? '' : ` via ${via.join(' → ')}`;
          output.result(
            change,
            () => `${at} ${role} ${plantId} ${event}${by}${reason === undefined ? '' : `: ${reason}`}`,
          );
        }
        return;
      }
      const reply = await client.plants();
      for (const plantId of reply.silentPlants)
        output.note(`${plantId} is known, but absent, or its broker did not answer`);
      for (const [id, rival] of rivalsIn(reply)) {
        output.note(`${id}: another of this id, at ${rival.address}, was refused at ${rival.at}`);
      }
      output.result(reply, () => (ads ? adTexts(reply) : tables(reply)));
    });
}

const rivalsIn = ({ plants, brokers }: PlantListReply): readonly (readonly [id: string, Rival])[] =>
  [...plants, ...brokers.map((broker) => ({ ...broker, plantId: broker.brokerId }))].flatMap(({ plantId, rival }) =>
    rival ? [[plantId, rival] as const] : [],
  );

const adTexts = ({ plants }: PlantListReply): string => plants.map(({ ad }) => adText(ad)).join('\n\n');

function tables({ plants, brokers }: PlantListReply): string {
  const now = Date.now();
  const age = (lastWordAt: string) => duration(Math.max(0, now - Date.parse(lastWordAt)));
  const plantTable = table(
    ['plant', 'via', 'lines', 'free memory', 'vms', 'load', 'images', 'version', 'last word'],
    plants.map(({ plantId, via = [], ad, version, lastWordAt }) => [
      ...[plantId, via.join(' → ') || '-', [ad.Lines].flat().join(' '), `${ad.FreeMemoryMiB} MiB`],
      ...[ad.VmCount, ad.LoadAverage, ad.ImageCount, version, `${age(lastWordAt)} ago`].map(String),
    ]),
  );
  if (brokers.length === 0) return plantTable;
  const brokerTable = table(
    ['broker', 'plants', 'version', 'last word'],
    brokers.map(({ brokerId, plants: count, version, lastWordAt }) => [
      brokerId,
      count,
      version,
      `${age(lastWordAt)} ago`,
    ]),
  );
  return `${plantTable}\n\n${brokerTable}`;
}
