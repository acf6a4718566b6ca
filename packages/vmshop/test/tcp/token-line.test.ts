import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readOpening } from '../../src/tcp/token-line.ts';

const TOKEN = `vmg_${'x'.repeat(43)}`;

test.each(['<vmgrid/>', '  <vmgrid/>', '\n<vmgrid/>', '\u{feff}<vmgrid/>'])('%p begins with no token', (text) => {
  expect(readOpening(Buffer.from(text))).toEqual({ kind: 'none' });
});

test('the first line is the token, with either end of line; the document begins after it', () => {
  fc.assert(
    fc.property(fc.constantFrom('\n', '\r\n'), fc.string(), (end, document) => {
      const opening = readOpening(Buffer.from(`${TOKEN}${end}${document}`));
      expect(opening).toEqual({ kind: 'token', token: TOKEN, documentStart: TOKEN.length + end.length });
    }),
  );
});

test.each([
  ['a byte order mark', '\u{feff}'],
  ['blanks', ' \t'],
  ['empty lines', '\r\n\n'],
  ['all of them', '\u{feff}\n '],
])('%s before the token, as the command line takes them in a file, are passed over', (_, before) => {
  const text = Buffer.from(`${before}${TOKEN} \n<vmgrid/>`);
  const documentStart = text.length - '<vmgrid/>'.length;
  expect(readOpening(text)).toEqual({ kind: 'token', token: TOKEN, documentStart });
  for (let length = 0; length < documentStart; length += 1) {
    expect(readOpening(text.subarray(0, length))).toEqual({ kind: 'incomplete' });
  }
});

test('blanks without an end are no token', () => {
  expect(readOpening(Buffer.alloc(8_192, ' '))).toEqual({ kind: 'none' });
});

test('a line is waited for until it ends, but not for ever', () => {
  for (let length = 0; length <= TOKEN.length; length += 1) {
    expect(readOpening(Buffer.from(TOKEN.slice(0, length)))).toEqual({ kind: 'incomplete' });
  }
  expect(readOpening(Buffer.alloc(8_191, 'x'))).toEqual({ kind: 'incomplete' });
  expect(readOpening(Buffer.alloc(8_192, 'x'))).toEqual({ kind: 'none' });
  expect(readOpening(Buffer.from(`${'x'.repeat(8_192)}\n`))).toEqual({ kind: 'none' });
});
