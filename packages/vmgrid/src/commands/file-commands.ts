/** `vmgrid files`: files of this machine that actions may name by their digest. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { type FileClient, type FileReply, GridError } from '@vmgrid/protocol';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { forEach } from '../for-each.ts';
import { mib } from '../output/image-text.ts';
import { table } from '../output/output.ts';
import { createProgressDisplay } from '../output/progress-display.ts';

export function addFileCommands(program: Command, context: CommandContext): void {
  const files = program.command('files').description('uploaded files, which file actions name by their contentDigest');

  files
    .command('put <path...>')
    .description('upload files, and print the digest to name in place of a content')
    .action(async (paths: string[]) => {
      const { files: client, output } = context();
      await forEach(paths, output, async (path) => {
        const file = await put(client, path, output.json);
        output.result({ path, ...file }, () => `${file.contentDigest}  ${path}`);
      });
    });

  files
    .command('list')
    .description('list uploaded files: your own, or for an operator those of all owners')
    .action(async () => {
      const { files: client, output } = context();
      const reply = await client.list();
      output.result(reply, () => fileTable(reply.files));
    });

  files
    .command('rm <contentDigest...>')
    .description('remove uploaded files')
    .action(async (digests: string[]) => {
      const { files: client, output } = context();
      await forEach(digests, output, async (contentDigest) => {
        await client.remove(contentDigest);
        output.result({ contentDigest, removed: true }, () => `${contentDigest} removed`);
      });
    });
}

/** The shop takes what has the digest that the file has now. @throws GridError FILE_UNKNOWN for a path without one */
async function put(client: FileClient, path: string, json: boolean): Promise<FileReply> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new GridError('FILE_UNKNOWN', `there is no file ${path} on this machine`, { path });
  if (!found.isFile())
    throw new GridError('FILE_UNKNOWN', `${path} is no regular file, which alone is uploaded`, { path });
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const display = createProgressDisplay(json);
  const onBytes = (bytes: number) =>
    display.show({ phase: 'upload', subject: `${mib(bytes)} of ${mib(found.size)}`, state: 'started' });
  try {
    return await client.put(createReadStream(path), { sha256: hash.digest('base64'), onBytes });
  } finally {
    display.end();
  }
}

const fileTable = (files: readonly FileReply[]): string =>
  table(
    ['content digest', 'size', 'owner', 'used at'],
    files.map(({ contentDigest, bytes, owner, usedAt }) => [contentDigest, mib(bytes), owner, usedAt]),
  );
