import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const LOGS = `
  const { createLog } = await import('./packages/daemon/src/log.ts');
  const log = createLog('test', 'info');
  for (let line = 0; line < 3; line += 1) log.error({ text: 'x'.repeat(600_000) }, 'cannot be written');
  console.log('goes on');
`;

test('a daemon whose log cannot be written, because its disk is full, goes on', () => {
  const full = openSync('/dev/full', 'w');
  try {
    const child = spawnSync(process.execPath, ['--input-type=module', '-e', LOGS], { stdio: ['ignore', 'pipe', full] });
    expect([child.status, String(child.stdout)]).toEqual([0, 'goes on\n']);
  } finally {
    closeSync(full);
  }
});
