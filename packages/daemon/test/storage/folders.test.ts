import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { folderInTheWay, makeFolder } from '../../src/storage/folders.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vmgrid földer's-"));
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

test.each([0o022, 0o027, 0o077, 0o000])(
  'a folder has its mode, and those above it let others pass, under umask %o',
  (mask) => {
    const before = process.umask(mask);
    try {
      makeFolder(join(folder, 'a', 'b', 'c'), 0o700);
      makeFolder(join(folder, 'a', 'd'), 0o711);
    } finally {
      process.umask(before);
    }
    expect(['a', 'a/b', 'a/b/c', 'a/d'].map((name) => modeOf(join(folder, name)))).toEqual([
      '755',
      '755',
      '700',
      '711',
    ]);
  },
);

test('a folder that is there stays as it is, also behind a link', () => {
  mkdirSync(join(folder, 'real'), { mode: 0o750 });
  symlinkSync('real', join(folder, 'link'));
  makeFolder(join(folder, 'link'), 0o711);
  makeFolder(join(folder, 'link', 'below'), 0o711);
  expect([modeOf(join(folder, 'real')), modeOf(join(folder, 'real', 'below'))]).toEqual(['750', '711']);
});

test('a file in the place of a folder is named', () => {
  writeFileSync(join(folder, 'file'), '');
  const making = () => makeFolder(join(folder, 'file', 'state'), 0o711);
  expect(making).toThrow(
    expect.objectContaining({ code: 'FOLDER_CLOSED', message: expect.stringContaining('/file ') }),
  );
});

test('the folder that is in the way of others is named, also behind a link', () => {
  makeFolder(join(folder, 'open', 'state'), 0o711);
  makeFolder(join(folder, 'closed', 'state'), 0o711);
  symlinkSync('closed/state', join(folder, 'link'));
  expect(folderInTheWay(join(folder, 'closed', 'state'))).toBeUndefined();
  chmodSync(join(folder, 'closed'), 0o750);
  expect(folderInTheWay(join(folder, 'open', 'state'))).toBeUndefined();
  const closed = { path: join(folder, 'closed'), mode: '0750' };
  expect(folderInTheWay(join(folder, 'closed', 'state'))).toEqual(closed);
  expect(folderInTheWay(join(folder, 'link'))).toEqual(closed);
  expect(folderInTheWay(join(folder, 'not-there'))).toBeUndefined();
});
