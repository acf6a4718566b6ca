import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { runPoor, WHY_NO_POOR_HOST, WITHOUT_PTYS } from '@vmgrid/test-support/hosts/poor-host.ts';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { testUnless } from '@vmgrid/test-support/jest/test-unless.ts';

const folder = useTemporaryFolder();

testUnless(WHY_NO_POOR_HOST)(
  'UML runs its guests on a host that has no pty left: its serial lines are pipes',
  async () => {
    await chmod(folder(), 0o755); // the guest's user is another one
    const line = join(import.meta.dirname, '../../src/uml/uml-line.ts');
    const printed = runPoor(
      WITHOUT_PTYS,
      `import { openSync } from 'node:fs';
     try { openSync('/dev/pts/ptmx', 'r+'); } catch ({ code }) { console.log('pty:', code); }
     const { UmlLine } = await import('${line}');
     const uml = new UmlLine({}, { stateDirectory: '${folder()}' });
     const { available, reason } = await uml.probe(AbortSignal.timeout(60_000));
     console.log('guest:', available, reason);`,
    );
    expect(printed).toBe('pty: ENOSPC\nguest: true \n');
  },
  90_000,
);
