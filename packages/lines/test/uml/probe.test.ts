import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { UmlLine } from '../../src/uml/uml-line.ts';

const folder = useTemporaryFolder();

test('trying UML leaves a verdict and what machines boot from, and nothing of an earlier try whose plant was killed', async () => {
  await chmod(folder(), 0o755); // the guest's user is another one
  const left = join(folder(), 'uml-probe/vm');
  await mkdir(left, { recursive: true });
  await writeFile(join(left, 'mconsole'), '');
  const line = new UmlLine({}, { stateDirectory: folder() });
  expect(await line.probe(NO_DEADLINE)).toMatchObject({ available: true, reason: '' });
  expect((await readdir(folder())).sort()).toEqual([expect.stringMatching(/^uml-initrd-/), 'uml-verdict.json']);
}, 90_000);

test('a folder whose path has a comma is named: UML would take what follows it for another file', async () => {
  const stateDirectory = join(folder(), 'state, of a plant');
  await mkdir(stateDirectory);
  const report = await new UmlLine({}, { stateDirectory }).probe(AbortSignal.timeout(80_000));
  expect(report.available).toBe(false);
  expect(report.reason).toMatch(/^User-Mode Linux takes no folder whose path has a comma: .*\/state, of a plant;/);
}, 90_000);
