/** The direction of imports: the table of packages in docs/architecture.md is the law, and the sources keep it. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const packages = join(root, 'packages');

/** For each package, the packages of ours that its sources import. */
const LAYERS = tableOf(readFileSync(join(root, 'docs/architecture.md'), 'utf8'));

/** Packages that compute only: nothing of Node in them. */
const PURE = ['classad', 'dag', 'bidding'];

function tableOf(document: string): Readonly<Record<string, readonly string[]>> {
  const rows = document
    .split('## Packages')[1]!
    .split('\n## ')[0]!
    .matchAll(/^\| `([\w-]+)` \| .+ \| (.+) \|$/gm);
  return Object.fromEntries(
    [...rows].map(([, name, cell]) => [name!, [...cell!.matchAll(/`([\w-]+)`/g)].map(([, one]) => one!)]),
  );
}

const sourcesOf = (name: string): string[] =>
  readdirSync(join(packages, name, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );

function importsOf(name: string, file: string): string[] {
  const text = readFileSync(join(packages, name, 'src', file), 'utf8');
  return [...text.matchAll(/(?<!['\w.-])(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!);
}

/** The packages that the sources of one import, of ours and of others. */
function packagesImportedBy(name: string): string[] {
  const targets = sourcesOf(name)
    .flatMap((file) => importsOf(name, file))
    .filter((target) => !target.startsWith('.') && !target.startsWith('node:'))
    .map((target) => target.split('/', target.startsWith('@') ? 2 : 1).join('/'));
  return [...new Set(targets)].sort();
}

/** The first way from a file over relative imports, types included, that comes back to a file on it. */
function circleOf(name: string): string[] | undefined {
  const done = new Set<string>();
  const follow = (file: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return undefined;
    const targets = importsOf(name, file).filter((target) => target.startsWith('.') && target.endsWith('.ts'));
    for (const target of targets) {
      const circle = follow(normalize(join(dirname(file), target)), [...way, file]);
      if (circle) return circle;
    }
    done.add(file);
    return undefined;
  };
  return sourcesOf(name).reduce<string[] | undefined>((circle, file) => circle ?? follow(file, []), undefined);
}

test('the table of packages has every package', () => {
  expect(Object.keys(LAYERS).sort()).toEqual(readdirSync(packages).sort());
});

test('every package stands in the table below those that it imports', () => {
  const names = Object.keys(LAYERS);
  const upward = names.flatMap((name, place) =>
    LAYERS[name]!.filter((one) => names.indexOf(one) >= place).map((one) => `${name} → ${one}`),
  );
  expect(upward).toEqual([]);
});

test.each(Object.entries(LAYERS))('%s imports the packages of its row, and no others of ours', (name, row) => {
  const ours = packagesImportedBy(name).flatMap((target) => target.match(/^@vmgrid\/(.+)/)?.[1] ?? []);
  expect(ours).toEqual(row.toSorted());
});

test.each(Object.keys(LAYERS))('%s has no circle of imports, of types neither', (name) => {
  expect(circleOf(name)).toBeUndefined();
});

test.each(Object.entries(LAYERS))('the README of %s says what it may import', (name, row) => {
  const readme = readFileSync(join(packages, name, 'README.md'), 'utf8');
  const said = readme.split('**May import:**')[1]?.split('\n* ')[0] ?? 'nothing is said';
  const named = [...said.matchAll(/`([\w-]+)`/g)].map(([, one]) => one!);
  expect(row.length > 0 ? named : said.trim()).toEqual(row.length > 0 ? row : 'no package of ours');
});

test.each(PURE)('%s is pure: it imports nothing of Node', (name) => {
  const wrong = sourcesOf(name).filter((file) => importsOf(name, file).some((target) => target.startsWith('node:')));
  expect(wrong).toEqual([]);
});

test.each(Object.keys(LAYERS))('%s declares the packages that it imports, and no others', (name) => {
  const manifest = JSON.parse(readFileSync(join(packages, name, 'package.json'), 'utf8'));
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  expect(declared.sort()).toEqual(packagesImportedBy(name));
});
