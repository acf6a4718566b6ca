import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { cpioArchive, FOLDER_MODE, PROGRAM_MODE } from '../../src/uml/cpio.ts';

test('busybox unpacks an archive: names of any length, contents of any length, modes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vmgrid-cpio-'));
  try {
    const contents = ['', 'a', 'ab', 'abc', 'abcd', 'abcde'];
    const archive = cpioArchive([
      { name: 'in', mode: FOLDER_MODE },
      ...contents.map((text) => ({
        name: `in/${'n'.repeat(text.length + 1)}`,
        mode: PROGRAM_MODE,
        content: Buffer.from(text),
      })),
    ]);
    expect(archive.length % 4).toBe(0);
    execFileSync('busybox', ['cpio', '-i'], { cwd: folder, input: archive, stdio: ['pipe', 'ignore', 'ignore'] });
    for (const text of contents) {
      const path = join(folder, 'in', 'n'.repeat(text.length + 1));
      expect(await readFile(path, 'utf8')).toBe(text);
      expect((await stat(path)).mode & 0o777).toBe(0o755);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
