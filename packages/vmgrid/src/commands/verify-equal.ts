/** `vmgrid images verify --equal DOCUMENT`: checks whether the guests of a request are equal however they are made. */
import { decodeBuildImage, type EqualityReply, type EqualityReport, GridError } from '@vmgrid/protocol';
import type { CommandEnvironment } from '../context.ts';
import { readDocument } from '../documents.ts';
import { follow } from '../follow.ts';

/** @throws GridError REUSE_DIFFERS, after the differences were printed */
export async function verifyEqual(
  file: string,
  { client, output }: Pick<CommandEnvironment, 'client' | 'output'>,
): Promise<void> {
  const { machine, dag } = await readDocument(file, 'create');
  const submit = () => client.submitVerifyEqual(decodeBuildImage({ machine, dag }));
  const reply = await follow<EqualityReply>(client, submit, output);
  output.result(reply, () => reply.plants.map(reportText).join('\n') || 'no plant is there');
  const [first, ...others] = reply.plants.flatMap(({ differences }) => differences);
  if (first === undefined) return;
  throw new GridError('REUSE_DIFFERS', `${first.way}: ${first.item}; ${others.length} more differences`, { ...first });
}

function reportText({ plantId, leftOut, ways, lost, differences }: EqualityReport): string {
  return [
    `${plantId}: ${ways.length} ways, ${differences.length} differences`,
    ...(leftOut.length === 0 ? [] : [`  left out ${leftOut.join(', ')}: to be run for each machine`]),
    ...ways.map(({ name }) => `  ${name}`),
    ...lost.map(({ actionId, items }) => `  a boot loses of ${actionId}: ${items.join(', ')}`),
    ...differences.flatMap(({ way, item, cold = 'nothing', other = 'nothing' }) => [
      `  ${way}: ${item}`,
      `    cold  ${cold}`,
      `    here  ${other}`,
    ]),
  ].join('\n');
}
