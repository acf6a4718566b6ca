/** `vmgrid certs`: the certificates of a site. */
import { resolve } from 'node:path';
import {
  isNodeKind,
  type MadeCertificate,
  makeCertificates,
  NODE_KINDS,
  type RevokedCertificate,
  revokeCertificate,
  type Wanted,
} from '@vmgrid/access';
import { GridError, PlantId, validate } from '@vmgrid/protocol';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { table } from '../output/output.ts';

/** These names are no daemons': the files of the CA and of the revocation list have them. */
const RESERVED = ['ca', 'revoked'];

export function addCertificateCommands(program: Command, context: CommandContext): void {
  const certs = program.command('certs').description('certificates for the daemons of a site');
  certs
    .command('init <daemon...>')
    .description(
      'make a CA, unless there is one, and certificates for the daemons that have none yet: KIND:NAME[=HOST,…], such as shop:shop=shop.example.org,10.0.0.1 plant:plant-1',
    )
    .requiredOption('--directory <folder>', 'where they are kept; the key of the CA too')
    .action(async (daemons: readonly string[], { directory }: { directory: string }) => {
      const made = await makeCertificates(resolve(directory), daemons.map(wantedOf), Date.now());
      context().output.result({ certificates: made }, () => certificateTable(made));
    });
  certs
    .command('revoke <daemon>')
    .description(
      'revoke the certificate of a daemon, by its name or serial number: daemons that read the list refuse links with it',
    )
    .requiredOption('--directory <folder>', 'where `certs init` keeps them; the key of the CA too')
    .action(async (daemon: string, { directory }: { directory: string }) => {
      const revoked = await revokeCertificate(resolve(directory), daemon, Date.now());
      context().output.result(revoked, () => revokedText(revoked));
    });
}

const revokedText = ({ serial, revocationFile, added }: RevokedCertificate): string =>
  `${serial} ${added ? 'is' : 'was already'} revoked; give ${revocationFile} to every daemon as tls.revocationFile\n`;

/** @throws GridError REQUEST_INVALID */
function wantedOf(text: string): Wanted {
  const [, kind = '', name = '', hosts = ''] = /^([^:=]*):([^=]*)(?:=(.*))?$/.exec(text) ?? [];
  if (!isNodeKind(kind))
    throw new GridError('REQUEST_INVALID', `${text} does not begin with ${NODE_KINDS.join(': or ')}:`);
  validate(PlantId, name, { subject: text });
  if (RESERVED.includes(name))
    throw new GridError('REQUEST_INVALID', `no ${kind} can be named ${name}, because a file of the CA has this name`);
  return { kind, name, hosts: hosts.split(',').filter((host) => host !== '') };
}

const certificateTable = (made: readonly MadeCertificate[]): string =>
  table(
    ['kind', 'name', 'certificate', 'key', ''],
    made.map((one) => [one.kind, one.name, one.certificateFile, one.keyFile, one.made ? 'made' : 'was there']),
  );
