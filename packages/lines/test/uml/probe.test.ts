import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { NO_DEADLINE } from '../../../../test/support/no-deadline.ts';
import { useTemporaryFolder } from '../../../../test/support/temporary-folder.ts';
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
