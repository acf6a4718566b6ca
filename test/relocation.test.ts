/** An install that was copied elsewhere is one of its own: it reads its own files, and knows no other folder. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');
let install: string;

beforeAll(() => {
  install = mkdtempSync(join(tmpdir(), "vmgrid copied's dist-"));
  const filter = (source: string) => !source.includes('node_modules');
  for (const folder of ['dist', 'packages'])
    cpSync(join(root, folder), join(install, folder), { recursive: true, filter });
  symlinkSync(join(root, 'node_modules'), join(install, 'node_modules'));
  const manifest = join(install, 'packages/vmgrid/package.json');
  writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')), version: '9.9.9' }));
});
afterAll(() => rmSync(install, { recursive: true, force: true }));

test('no bundle has the path of the folder where it was made', () => {
  const seen = new Map<string, string>();
  const read = (name: string): void => {
    if (seen.has(name)) return;
    const text = readFileSync(join(root, 'dist', name), 'utf8');
    seen.set(name, text);
    for (const [, part] of text.matchAll(/"\.(?:\/parts)?\/([\w-]+\.js)"/g)) read(`parts/${part}`);
  };
  for (const name of readdirSync(join(root, 'dist'))) if (name.endsWith('.js')) read(name);
  expect(seen.size).toBeGreaterThan(10);
  expect([...seen].filter(([, text]) => text.includes(root)).map(([name]) => name)).toEqual([]);
});

const run = (program: string, ...args: string[]) =>
  execFileSync(process.execPath, [join(install, program), ...args], {
    encoding: 'utf8',
    env: { ...process.env, VMGRID_HOME: install },
  });

test('the copy reads its own files', () => {
  expect(run('dist/vmgrid.js', '--version')).toBe('9.9.9\n');
});

test('programs of the copy start those beside them, which find the files beside their sources', () => {
  const built = run('dist/vmgrid.js', '--json', 'images', 'build-base', '--os', 'simulated-1');
  expect(JSON.parse(built)).toMatchObject({ built: true });
  expect(run('dist/vmgrid.js', '--json', 'simulate', '--requests', '1')).toContain('"requests"');
});
