/** The direction of imports, as docs/architecture.md draws it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const packages = join(import.meta.dirname, '../packages');

/** For each package, the packages of ours its sources may import. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  classad: [],
  dag: [],
  protocol: ['classad', 'dag'],
  market: ['bidding', 'protocol', 'classad', 'dag', 'daemon'],
  bidding: ['protocol', 'classad', 'dag'],
  daemon: [],
  access: ['protocol', 'daemon'],
  door: ['access', 'protocol', 'daemon'],
  catalogue: ['door', 'protocol'],
  vmshop: ['access', 'catalogue', 'door', 'market', 'protocol', 'classad', 'dag', 'daemon'],
  vmbroker: ['access', 'door', 'market', 'protocol', 'daemon'],
  vmplant: ['access', 'bidding', 'catalogue', 'door', 'protocol', 'classad', 'dag', 'daemon'],
  simulation: [
    ...['vmshop', 'vmbroker', 'vmplant', 'market', 'bidding', 'door', 'protocol', 'dag', 'classad', 'daemon'],
  ],
  vmgrid: ['access', 'protocol', 'daemon'],
};

/** Packages that compute only: nothing of Node in them. */
const PURE = ['classad', 'dag', 'bidding'];

const sourcesOf = (name: string): string[] =>
  readdirSync(join(packages, name, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );

function importsOf(name: string, file: string): string[] {
  const text = readFileSync(join(packages, name, 'src', file), 'utf8');
  return [...text.matchAll(/(?<!['\w.-])(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
}

test('every package has its place in the order of layers', () => {
  expect(readdirSync(packages).sort()).toEqual(Object.keys(MAY_IMPORT).sort());
});

test.each(Object.entries(MAY_IMPORT))('%s imports only the packages below it', (name, allowed) => {
  const wrong = sourcesOf(name).flatMap((file) =>
    importsOf(name, file)
      .filter((target) => target.startsWith('@vmgrid/') && !allowed.includes(target.split('/')[1]!))
      .map((target) => `${file} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});

test.each(PURE)('%s is pure: it imports nothing of Node', (name) => {
  const wrong = sourcesOf(name).filter((file) => importsOf(name, file).some((target) => target.startsWith('node:')));
  expect(wrong).toEqual([]);
});

test.each(Object.keys(MAY_IMPORT))('%s declares every package it imports', (name) => {
  const manifest = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  const imported = sourcesOf(name)
    .flatMap((file) => importsOf(name, file))
    .filter((target) => !target.startsWith('.') && !target.startsWith('node:'))
    .map((target) => target.split('/', target.startsWith('@') ? 2 : 1).join('/'));
  expect([...new Set(imported)].filter((target) => !declared.includes(target))).toEqual([]);
});
