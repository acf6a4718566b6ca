import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseClassAd } from '@vmgrid/classad';
import { lookScript, MUST_DIFFER, sharedTraits } from '../../src/identity/must-differ.ts';

test('clones share a trait when a word of one is a word of the other', () => {
  const one = { MachineId: 'a1', SshHostKeys: 'k1 k2', BusId: '' };
  const other = { MachineId: 'b2', SshHostKeys: 'k3 k2', BusId: '' };
  expect(sharedTraits(one, other)).toEqual([{ name: 'SshHostKeys', what: 'ssh host keys', value: 'k2' }]);
  expect(sharedTraits(one, { ...other, SshHostKeys: 'k3' })).toEqual([]);
});

test('the script tells every trait as an attribute, also in a system that lacks most of them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vmgrid-traits-'));
  const attributes = join(folder, 'attributes');
  execFileSync('sh', ['-e', '-c', lookScript()], {
    env: { ...process.env, VMGRID_ATTRIBUTES: attributes },
    stdio: 'ignore',
  });
  const told = parseClassAd(readFileSync(attributes, 'utf8'));
  rmSync(folder, { recursive: true });
  expect([...told.entries()].map(([name]) => name)).toEqual(MUST_DIFFER.map(({ name }) => name));
  expect(String(told.get('RandomNumbers'))).toMatch(/^"[0-9a-f]{32}"$/);
});

test('the page on identity has the same list', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/identity.md'), 'utf8');
  const table = page.slice(page.indexOf('| name | what |'), page.indexOf('## What stays'));
  const rows = table.trim().split('\n').slice(2);
  expect(rows).toEqual(MUST_DIFFER.map(({ name, what }) => `| ${name} | ${what} |`));
});
