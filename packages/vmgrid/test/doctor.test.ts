import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findHome } from '@vmgrid/daemon';
import { probeLines } from '../src/doctor.ts';

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
