import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type CreateRequest, GridError } from '@vmgrid/protocol';
import { decodeXmlReply, decodeXmlRequest, encodeXmlReply, encodeXmlRequest } from '@vmgrid/protocol/xml';
import fc from 'fast-check';

const VALID = join(import.meta.dirname, '../../../../schemas/examples/valid');
const documents = readdirSync(VALID)
  .filter((name) => name.endsWith('.xml'))
  .map((name) => readFileSync(join(VALID, name), 'utf8'));

const machine = '<machine arch="x86_64" os="debian-12" memoryMiB="256" cpus="1" diskMiB="2048"/>';
const withAction = (action: string) => `<vmgrid version="1"><create>${machine}<dag>${action}</dag></create></vmgrid>`;

function fault(work: () => unknown): GridError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof GridError) return thrown;
    throw thrown;
  }
  throw new Error('expected a GridError');
}

test('a malformed document is told with line and column', () => {
  const error = fault(() => decodeXmlRequest('<vmgrid version="1">\n  <list>\n</vmgrid>'));
  expect(error.message).toBe(
    'the XML is not well-formed at line 3, column 10: Opening and ending tag mismatch: list line 2 and vmgrid',
  );
  expect(error.details).toEqual({ line: 3, column: 10 });
});

test('the message about a malformed document quotes none of its text', () => {
  const error = fault(() => decodeXmlRequest(withAction('<action><script><![CDATA[hunter2</script></action>')));
  expect(error.code).toBe('REQUEST_MALFORMED');
  expect(JSON.stringify(error.toBody())).not.toContain('hunter2');
});

test.each([
  [
    '<action id="a" kind="script" colour="red"/>',
    'create/dag/action[1] has the unknown attribute "colour"; known are id, kind, timeout, retries, onError, secret, perMachine, freshness, path, mode, owner, encoding, name',
  ],
  [
    '<action id="a" kind="script"><scrpt/></action>',
    'create/dag/action[1] has the unknown element "scrpt"; known are script, content, package, argument, environment, recover, comment',
  ],
  [
    '<action id="a" kind="script"><script>a<b/></script></action>',
    'create/dag/action[1]/script has the unknown element "b"; it has none',
  ],
  ['<action id="a" kind="script"><script/><script/></action>', 'create/dag/action[1] has more than one <script>'],
  ['<action id="a" kind="script">rm</action>', 'create/dag/action[1] has text where only elements may stand'],
  [
    '<action id="a" kind="script"><environment>1</environment></action>',
    'create/dag/action[1]/environment[1] has no name',
  ],
  [
    '<action id="a" kind="script" retries="many"/>',
    'create: dag.actions[0].script is missing; dag.actions[0].retries is "many", not of type integer',
  ],
  ['<constructor/>', 'an element or attribute has a name that is not known, such as constructor'],
])('%s is told what is wrong with it', (action, message) => {
  expect(fault(() => decodeXmlRequest(withAction(action)))).toMatchObject({ code: 'REQUEST_INVALID', message });
});

test('a file without child elements has its own text as content, to the byte', () => {
  const request = decodeXmlRequest(
    withAction('<action id="a" kind="file" path="/x">\r\n a\t<!-- b -->&#13; </action>'),
  );
  expect((request.body as CreateRequest).dag.actions[0]).toMatchObject({ content: '\n a\t\r ' });
  const empty = decodeXmlRequest(withAction('<action id="a" kind="file" path="/x"/>'));
  expect((empty.body as CreateRequest).dag.actions[0]).toMatchObject({ content: '' });
});

test('more references than fast-xml-parser expands by default are read', () => {
  const script = '&amp;&#65;'.repeat(20_000);
  const request = decodeXmlRequest(withAction(`<action id="a" kind="script"><script>${script}</script></action>`));
  expect((request.body as CreateRequest).dag.actions[0]).toMatchObject({ script: '&A'.repeat(20_000) });
});

test('a byte order mark and a declaration of UTF-8 are accepted', () => {
  const document = '\uFEFF<?xml version="1.0" encoding="utf-8"?><vmgrid version="1"><list/></vmgrid>';
  expect(decodeXmlRequest(new TextEncoder().encode(document))).toEqual({ verb: 'list', body: {} });
  expect(decodeXmlRequest(document)).toEqual({ verb: 'list', body: {} });
});

test('bytes that are not UTF-8 are REQUEST_MALFORMED', () => {
  expect(fault(() => decodeXmlRequest(Uint8Array.of(0x3c, 0x61, 0xff))).code).toBe('REQUEST_MALFORMED');
});

test('a request with a character that XML cannot carry is refused when it is written', () => {
  const script = 'printf "\u0000"';
  const body = {
    machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 },
    dag: { actions: [{ id: 'a', kind: 'script', script }] },
  } as CreateRequest;
  expect(fault(() => encodeXmlRequest({ verb: 'create', body }))).toMatchObject({
    code: 'REQUEST_INVALID',
    message: 'XML cannot carry the character U+0000: send JSON, or a base64 file',
  });
});

test('an error with output of any kind can always be written, its details exactly', () => {
  const error = new GridError('ACTION_FAILED', 'said \u001b[1m', { output: '\u0000\u001b\ud800\uffff</details>' });
  const again = decodeXmlReply(encodeXmlReply({ kind: 'error', body: { error: error.toBody() } }));
  expect(again.body).toMatchObject({ error: { message: 'said \ufffd[1m', details: error.details } });
});

test.each([
  ['a page of another server', '<html><body/></html>', 'html is the root, but the root must be vmgrid'],
  ['a request', '<vmgrid version="1"><list/></vmgrid>', 'vmgrid has the unknown element "list"; known are reply'],
  [
    'an empty reply',
    '<vmgrid version="1"><reply/></vmgrid>',
    'reply has 0 of vm, vms, estimate, operation, error, but must have one',
  ],
  ['a VM without an ad', '<vmgrid version="1"><reply><vm/></reply></vmgrid>', 'reply/vm has no <c>'],
  [
    'an ad that is none',
    '<vmgrid version="1"><reply><vm><c><b/></c></vm></reply></vmgrid>',
    'reply/vm holds no ClassAd: ',
  ],
  ['text', 'Bad Gateway', 'the XML is not well-formed at line 1, column 1: '],
])('%s is no reply: LINK_PROTOCOL', (_, document, message) => {
  expect(fault(() => decodeXmlReply(document))).toMatchObject({
    code: 'LINK_PROTOCOL',
    message: expect.stringContaining(`not a reply in XML: ${message}`),
  });
});

test('a damaged document is read or refused, and never does anything else', () => {
  const damage = fc.record({
    document: fc.constantFrom(...documents),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.nat(30),
    insert: fc.oneof(
      fc.constantFrom('<', '>', '&', '"', '<!--', '<![CDATA[', '<!DOCTYPE a>', ' x="1"', '</a>', '&#0;'),
      fc.string(),
    ),
  });
  fc.assert(
    fc.property(damage, ({ document, at, cut, insert }) => {
      const start = Math.floor(at * document.length);
      const damaged = document.slice(0, start) + insert + document.slice(start + cut);
      for (const decode of [decodeXmlRequest, decodeXmlReply]) {
        try {
          decode(damaged);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(GridError);
        }
      }
    }),
    { numRuns: 1_000 },
  );
});
