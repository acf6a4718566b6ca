import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findHome } from '@vmgrid/daemon';
import { probeLines, versionOf } from '../../src/doctor/doctor.ts';

test('lines that take too long to try are not a fault in vmgrid itself: the error says what was waited for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vmgrid-doctor-'));
  try {
    await expect(probeLines(findHome({ VMGRID_HOME: folder }), 1)).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: 'the production lines were not all tried within 1 ms',
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test.each([
  ['fails', 'exit 3', '--version', 'is there'],
  ['is killed', 'kill -9 $$', '--version', 'is there'],
  ['tells no version', 'kill -9 $$', undefined, 'is there'],
  ['tells one', 'echo tool 1.2; echo more', '--version', 'tool 1.2'],
])('a tool that %s is not missing', async (_, script, versionArgument, version) => {
  const folder = await mkdtemp(join(tmpdir(), "vmgrid tools's-"));
  const { PATH } = process.env;
  try {
    await writeFile(join(folder, 'tool'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    process.env.PATH = `${folder}:${PATH}`;
    expect(await versionOf({ program: 'tool', ...(versionArgument && { versionArgument }) })).toBe(version);
    expect(await versionOf({ program: 'no-such-tool' })).toBeUndefined();
  } finally {
    process.env.PATH = PATH;
    await rm(folder, { recursive: true, force: true });
  }
});
