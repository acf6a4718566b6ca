/** A stranger finds the way: the pages that lead to documents and folders name all of them, and only what is there. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const entries = (folder: string): string[] => readdirSync(join(root, folder));

const DOCUMENTS = [
  ...entries('.').filter((file) => file.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
  ...entries('packages').map((name) => `packages/${name}/README.md`),
];

/** The files to which a document links, from the root. */
function linksOf(document: string): string[] {
  const targets = [...read(document).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target]) => target!);
  return targets
    .filter((target) => !/^\w+:/.test(target))
    .map((target) => join(dirname(document), target).replace(/\/$/, ''));
}

test.each(DOCUMENTS)('every link of %s leads to a file', (document) => {
  expect(linksOf(document).filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test('docs/README.md leads to every document', () => {
  const linked = linksOf('docs/README.md');
  const documents = entries('docs').filter((file) => file.endsWith('.md') && file !== 'README.md');
  expect(documents.filter((file) => !linked.includes(`docs/${file}`))).toEqual([]);
});

const questions = read('docs/where.md')
  .split('\n')
  .flatMap((line) => {
    const [, question, folder, files] = /^\| (.+\?) \| `([^`]+)` \| (.+) \|$/.exec(line) ?? [];
    return question
      ? [{ question, folder: folder!, files: [...files!.matchAll(/`([^`]+)`/g)].map(([, file]) => file!) }]
      : [];
  });

test('docs/where.md answers the questions of a newcomer', () => {
  expect(questions.length).toBeGreaterThanOrEqual(10);
});

test.each(questions)('$question The answer is there', ({ folder, files }) => {
  expect(files.length).toBeGreaterThan(0);
  expect(files.filter((file) => !existsSync(join(root, folder, file)))).toEqual([]);
});

const pathsIn = (document: string): string[] =>
  [...read(document).matchAll(/`((?:packages|docs|schemas|examples|scripts|test)\/[\w./-]*)`/g)].map(
    ([, path]) => path!,
  );

test('docs/architecture.md names many paths', () => {
  expect(pathsIn('docs/architecture.md').length).toBeGreaterThan(20);
});

test.each(DOCUMENTS.filter((document) => !document.startsWith('packages/')))(
  '%s names only paths that exist',
  (document) => {
    expect(pathsIn(document).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  },
);

test('the map of the plant has every folder of vmplant, and no other', () => {
  const map = read('docs/architecture.md').split('## Map of the plant')[1]!.split('\n## ')[0]!;
  const mapped = [...map.matchAll(/^\| `([\w-]+)\/` \|/gm)].map(([, folder]) => folder!);
  const folders = readdirSync(join(root, 'packages/vmplant/src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  expect(mapped.sort()).toEqual(folders.sort());
});

test.each(entries('packages'))('the README of %s names only files that exist', (name) => {
  const text = read(`packages/${name}/README.md`);
  const named = [...text.matchAll(/`((?:src|test)\/[\w./-]+)`/g)].map(([, path]) => path!);
  expect(named.length).toBeGreaterThan(0);
  const places = (path: string) => [join(root, 'packages', name, path), join(root, path)];
  expect(named.filter((path) => !places(path).some(existsSync))).toEqual([]);
});
