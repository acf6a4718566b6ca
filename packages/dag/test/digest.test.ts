import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Action, digestAction, type FileAction, type PackageAction, type ScriptAction } from '../src/index.ts';

const script: ScriptAction = { kind: 'script', id: 's', script: 'useradd -m arijit' };
const file: FileAction = { kind: 'file', id: 'f', path: '/etc/motd', content: 'Grüße\n' };
const packages: PackageAction = { kind: 'package', id: 'p', packages: ['octave-cli', 'curl'] };
const host: Action = { kind: 'host', id: 'h', name: 'register-dns', arguments: ['invigo-17'] };

const same = (a: Action, b: Action) => expect(digestAction(a)).toBe(digestAction(b));
const different = (a: Action, b: Action) => expect(digestAction(a)).not.toBe(digestAction(b));

describe('digestAction', () => {
  test('never changes: histories of golden images hold these digests', () => {
    expect([script, file, packages, host].map(digestAction)).toEqual(GOLDEN);
  });

  test('leaves out hints', () => {
    const hinted: Action = {
      ...script,
      id: 'another',
      timeout: 'PT1M',
      retries: 3,
      onError: 'continue',
      recover: 'true',
      secret: true,
      comment: 'who',
    };
    same(script, hinted);
  });

  test('takes a file by its bytes, whichever way they are written', () => {
    same(file, { ...file, encoding: 'utf-8' });
    same(file, { ...file, encoding: 'base64', content: btoa('Gr\xc3\xbc\xc3\x9fe\n') });
    different(file, { ...file, content: 'Grüße' });
    different(file, { ...file, path: '/etc/issue' });
  });

  test('makes the defaults of a file explicit', () => {
    same(file, { ...file, mode: '644', owner: 'root' });
    same(file, { ...file, mode: '0644', owner: 'root:root' });
    different(file, { ...file, mode: '0600' });
    different(file, { ...file, owner: 'arijit' });
    different({ ...file, owner: 'arijit' }, { ...file, owner: 'arijit:arijit' });
  });

  test('takes packages as a set', () => {
    same(packages, { ...packages, packages: ['curl', 'octave-cli', 'curl'] });
    different(packages, { ...packages, packages: ['curl'] });
  });

  test('takes the environment by name, and absent as empty', () => {
    same({ ...script, environment: { A: '1', B: '2' } }, { ...script, environment: { B: '2', A: '1' } });
    same(script, { ...script, environment: {} });
    different({ ...script, environment: { A: '1' } }, { ...script, environment: { A: '2' } });
    different(script, { ...script, environment: JSON.parse('{"__proto__":"x"}') });
  });

  test('takes the arguments of a host action in their order, and absent as empty', () => {
    same({ kind: 'host', id: 'h', name: 'n' }, { kind: 'host', id: 'h', name: 'n', arguments: [] });
    different({ ...host, arguments: ['a', 'b'] }, { ...host, arguments: ['b', 'a'] });
    different({ ...host, arguments: ['ab'] }, { ...host, arguments: ['a', 'b'] });
  });

  test('never moves a character from one field to the next', () => {
    const texts = fc.tuple(fc.string({ maxLength: 4 }), fc.string({ maxLength: 4 }), fc.string({ maxLength: 4 }));
    const actionOf = ([text, name, value]: [string, string, string]): Action => ({
      ...script,
      script: text,
      environment: { [`E${name}`]: value },
    });
    const property = fc.property(texts, texts, (a, b) => {
      expect(digestAction(actionOf(a)) === digestAction(actionOf(b))).toBe(JSON.stringify(a) === JSON.stringify(b));
    });
    fc.assert(property, { numRuns: 1_000 });
  });
});

const GOLDEN = [
  '3a46b4f966d9a1904d80ad821f0696d9b27c68adfde1a7457c0d182430c5d627',
  'c6d1e54c9eaebeeb0cb9617dbc111da66357721e698a620d886789e06fdfeb57',
  '63886e20ee089bec9e4c949e69e4cd61e5c9f84707e0881a97ba82da3849aba7',
  '42a96c9a0fea77dcbfb973491854e4e860eb4a1565af4e389c723020b3bf4314',
];
