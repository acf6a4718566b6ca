/**
 * `vmgrid tokens`: manages the tokens of clients of this machine's daemons. It works on their folder, whether they run
 * or not.
 */
import { userInfo } from 'node:os';
import { Access, type Audit, openAudit, ROLES, type Role, type TokenEntry } from '@vmgrid/access';
import { findHome } from '@vmgrid/daemon';
import { GridError, OwnerName, parseDuration, validate } from '@vmgrid/protocol';
import { type Command, Option } from 'commander';
import type { CommandContext } from '../context.ts';
import { table } from '../output/output.ts';

export function addTokenCommands(program: Command, context: CommandContext): void {
  const tokens = program
    .command('tokens')
    .description('make, list and revoke the tokens that the endpoints of this machine accept');
  const folder = () => new Option('--access <folder>', 'folder of the tokens (else that of the grid of this machine)');
  /** Opens the folder for one piece of work. */
  const withTokens = <T>(named: string | undefined, work: (book: Access['tokens'], audit: Audit) => T): T => {
    const directory = named ?? findHome(context().environment).access;
    const access = Access.open(directory);
    const audit = openAudit(directory, 'vmgrid');
    try {
      return work(access.tokens, audit);
    } finally {
      audit.close();
      access.close();
    }
  };
  const note = (operation: string, target: string) =>
    ({ door: 'command', owner: userInfo().username, operation, target, outcome: 'ok' }) as const;

  tokens
    .command('create <name>')
    .description('make a token and print it: it is never shown again')
    .addOption(new Option('--role <roles...>', 'what it may do').choices(ROLES).default(['user']))
    .option('--owner <owner>', 'owner of the VMs made with it (else the name)')
    .option('--lifetime <duration>', 'how long it is valid, such as P30D (else until it is revoked)')
    .addOption(folder())
    .action((name: string, options: CreateOptions) => {
      const entry = entryOf(name, options, Date.now());
      const token = withTokens(options.access, (book, audit) => {
        const made = book.create(entry);
        audit.add(note('token.create', name));
        return made;
      });
      context().output.result({ ...shown(entry), token }, () => token);
    });

  tokens
    .command('list')
    .description('who has tokens, for what, and until when')
    .addOption(folder())
    .action((options: { access?: string }) => {
      const entries = withTokens(options.access, (book) => book.list());
      context().output.result({ tokens: entries.map(shown) }, () => tokenTable(entries));
    });

  tokens
    .command('revoke <name>')
    .description('revoke a token: it stops to work at once')
    .addOption(folder())
    .action((name: string, options: { access?: string }) => {
      withTokens(options.access, (book, audit) => {
        book.revoke(name);
        audit.add(note('token.revoke', name));
      });
      context().output.result({ name, revoked: true }, () => `the token ${name} is revoked`);
    });
}

interface CreateOptions {
  readonly role: Role[];
  readonly owner?: string;
  readonly lifetime?: string;
  readonly access?: string;
}

/** @throws GridError REQUEST_INVALID, DURATION_INVALID */
function entryOf(name: string, { role, owner = name, lifetime }: CreateOptions, now: number) {
  return {
    name: validate(OwnerName, name, { subject: 'name' }),
    owner: validate(OwnerName, owner, { subject: 'owner' }),
    roles: [...new Set(role)],
    ...(lifetime === undefined ? {} : { expiresAt: now + lifetimeMs(lifetime) }),
  };
}

function lifetimeMs(text: string): number {
  const ms = parseDuration(text);
  if (ms > 0) return ms;
  throw new GridError('DURATION_INVALID', `the lifetime ${text} is zero`, { lifetime: text });
}

const time = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : new Date(at).toISOString();

/** Returns a token's entry with times that people and programs can read. */
const shown = ({ createdAt, expiresAt, ...entry }: Omit<TokenEntry, 'createdAt'> & { createdAt?: number }) => ({
  ...entry,
  ...(createdAt === undefined ? {} : { createdAt: time(createdAt) }),
  ...(expiresAt === undefined ? {} : { expiresAt: time(expiresAt) }),
});

const tokenTable = (entries: readonly TokenEntry[]): string =>
  table(
    ['token', 'owner', 'roles', 'created', 'expires'],
    entries.map(({ name, owner, roles, createdAt, expiresAt }) => [
      ...[name, owner, roles.join(' '), time(createdAt)],
      time(expiresAt) ?? 'never',
    ]),
  );
