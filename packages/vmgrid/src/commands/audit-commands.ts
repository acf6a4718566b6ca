/** `vmgrid audit`: who did what, when, with which outcome. */
import type { AuditReply } from '@vmgrid/protocol';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { table } from '../output/output.ts';
import { wholeNumber } from '../whole-number.ts';

interface AuditOptions {
  readonly owner?: string;
  readonly operation?: string;
  readonly outcome?: string;
  readonly before?: number;
  readonly most: number;
}

export function addAuditCommands(program: Command, context: CommandContext): void {
  program
    .command('audit')
    .description('who did what, when, with which outcome; the newest first')
    .option('--owner <owner>', 'only what was done for one owner')
    .option('--operation <operation>', 'only one operation, such as vm.destroy')
    .option('--outcome <outcome>', 'only one outcome: begun, ok, or the code of an error')
    .option('--before <sequence>', 'only what came before an entry: the next page', wholeNumber(0))
    .option('--most <count>', 'most entries to show', wholeNumber(1), 100)
    .action(async (query: AuditOptions) => {
      const { client, output } = context();
      const reply = await client.audit(query);
      output.result(reply, () => auditTable(reply));
    });
}

const auditTable = ({ entries }: AuditReply): string =>
  table(
    ['#', 'at', 'daemon', 'door', 'owner', 'token', 'operation', 'target', 'outcome'],
    entries.map(({ sequence, at, daemon, door, owner, credential, operation, target, outcome }) => [
      ...[sequence, at, daemon, door, owner, credential, operation, target, outcome],
    ]),
  );
