import { expect, test } from '@jest/globals';
import { mergeAttributes } from '../../src/configuration/attributes.ts';

test('a later attribute has the place of an earlier one of its name, in whatever spelling', () => {
  const merged = mergeAttributes({ Version: '1', Port: '80' }, undefined, { VERSION: '2' }, { Host: '"a"' });
  expect(Object.entries(merged)).toEqual([
    ['VERSION', '2'],
    ['Port', '80'],
    ['Host', '"a"'],
  ]);
});

test('names that mean something in JavaScript are names like any other', () => {
  const merged = mergeAttributes(JSON.parse('{ "__proto__": "1", "constructor": "2" }'));
  expect(Object.entries(merged)).toEqual([
    ['__proto__', '1'],
    ['constructor', '2'],
  ]);
});
