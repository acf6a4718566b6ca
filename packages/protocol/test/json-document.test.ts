import { expect, test } from '@jest/globals';
import { GridError, parseJsonDocument, REQUEST_LIMITS } from '@vmgrid/protocol';
import fc from 'fast-check';

function faultOf(document: string | Uint8Array): GridError {
  try {
    parseJsonDocument(document);
  } catch (thrown) {
    if (thrown instanceof GridError) return thrown;
    throw thrown;
  }
  throw new Error('expected a GridError');
}

test('every JSON value without repeated keys is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary', depthSize: 'large' }), fc.boolean(), (text, spaced) => {
      fc.pre(!/\\u0000/.test(text));
      const written = spaced ? JSON.stringify(JSON.parse(text), undefined, '\t') : text;
      expect(parseJsonDocument(written)).toEqual(JSON.parse(text));
    }),
  );
});

test('a byte order mark is no part of the text, in bytes and in text', () => {
  expect(parseJsonDocument(Buffer.from('\uFEFF{"a":1}'))).toEqual({ a: 1 });
  expect(parseJsonDocument('\uFEFF{"a":1}')).toEqual({ a: 1 });
});

test.each([
  ['Latin 1', Buffer.from('{"a":"é"}', 'latin1')],
  ['UTF-16', Buffer.from('\uFEFF{"a":1}', 'utf16le')],
  ['a half surrogate pair in bytes', Buffer.from('7b2261223a22eda08022 7d'.replace(' ', ''), 'hex')],
])('%s is no UTF-8', (_, bytes) => {
  expect(faultOf(bytes)).toMatchObject({ code: 'REQUEST_MALFORMED', message: 'the document is not UTF-8 text' });
});

test.each([
  ['{"a":{"b":1,"b":1}}', 'the key "b" is given twice, again at line 1, column 13'],
  ['[{"memory":1,\n"mem\\u006fry":2}]', 'the key "memory" is given twice, again at line 2, column 1'],
  ['{"a":"\\u0000"}', 'a has U+0000 as character 1, which no text may have; a file may, in base64'],
  ['{"a":["b","c\\ud83d"]}', 'a[1] has U+D83D as character 2, which no text may have; a file may, in base64'],
  ['{"\\udc00":1}', 'the document has U+DC00 as character 1, which no text may have; a file may, in base64'],
])('%s is refused with its place', (text, message) => {
  expect(faultOf(text)).toMatchObject({ code: 'REQUEST_INVALID', message });
});

test.each(['{"a":1,"b":{"a":1}}', '[{"a":1},{"a":1}]', '{"a":"\\"a\\":","b":"a"}', '{"a":["a","a"]}'])(
  '%s has no key twice',
  (text) => {
    expect(parseJsonDocument(text)).toEqual(JSON.parse(text));
  },
);

test.each([
  ['BODY_TOO_LARGE', `[${'1,'.repeat(REQUEST_LIMITS.jsonValues)}1]`, 'values'],
  ['BODY_TOO_LARGE', `{${Array.from({ length: 1_000_000 }, (_, index) => `"${index}":1`).join()}}`, 'values'],
  ['REQUEST_INVALID', '['.repeat(4_000_000), undefined],
])('%s: more than the limit is refused before values are made of it', (code, text, what) => {
  expect(faultOf(text)).toMatchObject({ code, ...(what && { details: { what } }) });
});
