/** The programs in C, as set-up makes them. */
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { confine, requireConfinement } from '../../src/confinement/confinement.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const NAMES = ['vmgrid-confine', 'read-only-memory.so', 'vmgrid-agent'];
const folder = useTemporaryFolder();

/** Compiles them in a copy of the sources, and returns their bytes. */
async function compiledIn(place: string): Promise<readonly Buffer[]> {
  const root = join(folder(), place);
  await mkdir(join(root, 'scripts'), { recursive: true });
  await cp(join(ROOT, 'scripts/native.mjs'), join(root, 'scripts/native.mjs'));
  for (const sources of ['packages/lines/src/confinement', 'agent/src']) {
    await cp(join(ROOT, sources), join(root, sources), { recursive: true });
  }
  const compile = "import('./scripts/native.mjs').then(({ compileNative }) => compileNative())";
  execFileSync(process.execPath, ['-e', compile], { cwd: root });
  return Promise.all(NAMES.map((name) => readFile(join(root, 'dist/native', name))));
}

test('they are the same wherever they are made', async () => {
  expect(await compiledIn('one')).toEqual(await compiledIn("another folder's"));
}, 60_000);

test('an install without them says what is missing, and how to make it', async () => {
  await expect(requireConfinement(folder())).rejects.toMatchObject({
    code: 'TOOL_MISSING',
    message: expect.stringMatching(/vmgrid-confine is missing.*npm run bundle/),
  });
  await requireConfinement();
});

test('a program that needs no file read-only is given no library', async () => {
  const { command, files, environment } = await confine(5, undefined);
  await Promise.all(files.map((file) => file.close()));
  expect({ command, environment }).toEqual({ command: ['/proc/self/fd/5', '.', ''], environment: {} });
});
