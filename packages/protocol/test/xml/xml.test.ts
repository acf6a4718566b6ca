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
    'create/dag/action[1] has the unknown attribute "colour"; known are id, kind, timeout, retries, onError, secret, perMachine, freshness, reboot, path, mode, owner, encoding, contentDigest, name',
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

const VM = 'vm-00000000-0000-4000-8000-000000000000';
const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
test.each([
  [
    '.NET',
    `<vmgrid version="1" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="${XSI}"><query vmId="${VM}"/></vmgrid>`,
  ],
  ['JAXB', `<ns2:vmgrid version="1" xmlns:ns2="urn:vmgrid"><ns2:query vmId="${VM}"/></ns2:vmgrid>`],
  [
    'JAXB, of elements that are not qualified,',
    `<v:vmgrid version="1" xmlns:v="urn:v"><query vmId="${VM}"/></v:vmgrid>`,
  ],
  ['a default namespace', `<vmgrid xmlns="urn:x" version="1"><query xmlns="urn:x" vmId="${VM}"/></vmgrid>`],
  [
    'two prefixes of one namespace, and a qualified attribute',
    `<a:vmgrid a:version="1" xmlns:a="urn:x"><b:query xmlns:b="urn:x" b:vmId="${VM}"/></a:vmgrid>`,
  ],
  [
    'the place of a schema',
    `<vmgrid version="1" xmlns:i="${XSI}" i:schemaLocation="urn:x x.xsd" i:noNamespaceSchemaLocation="y.xsd"><query vmId="${VM}"/></vmgrid>`,
  ],
  [
    'xml:space and xml:lang',
    `<vmgrid version="1" xml:space="preserve" xml:lang="en"><query xml:space="default" vmId="${VM}"/></vmgrid>`,
  ],
  [
    'a library that names types',
    `<vmgrid version="1" xmlns:i="${XSI}" i:type="Vmgrid"><query i:type="Query" i:nil="false" vmId="${VM}"/></vmgrid>`,
  ],
])('what %s declares is taken', (_, document) => {
  expect(decodeXmlRequest(document)).toEqual({ verb: 'query', body: { vmId: VM } });
});

test('an element that is nil is not there', () => {
  const document = withAction(
    `<action id="a" kind="script"><script>true</script><recover xmlns:i="${XSI}" i:nil="true" i:type="Text"/></action>`,
  );
  const [action] = (decodeXmlRequest(document).body as CreateRequest).dag.actions;
  expect(action).toEqual({ id: 'a', kind: 'script', script: 'true' });
});

test.each([
  [
    'an element',
    `<vmgrid version="1" xmlns:o="urn:other"><o:query vmId="${VM}"/></vmgrid>`,
    'unknown element "o:query"',
  ],
  [
    'an attribute',
    `<vmgrid version="1" xmlns:o="urn:other"><query o:vmId="${VM}"/></vmgrid>`,
    'unknown attribute "o:vmId"',
  ],
  [
    'nothing said in words',
    `<vmgrid version="1" xmlns:i="${XSI}"><query i:nil="true" vmId="${VM}"/></vmgrid>`,
    '"i:nil"',
  ],
])('%s of another namespace is not taken for ours', (_, document, message) => {
  expect(fault(() => decodeXmlRequest(document))).toMatchObject({
    code: expect.stringMatching(/^REQUEST_(INVALID|MALFORMED)$/),
    message: expect.stringContaining(message),
  });
});

const list = (inside: string) => `<vmgrid version="1"><list${inside}</vmgrid>`;
test.each([
  ['elements', list(`>${'<constraint/>'.repeat(50_000)}</list>`), 'elements, comments and sections'],
  ['comments', list(`>${'<!---->'.repeat(60_000)}</list>`), 'elements, comments and sections'],
  ['attributes', list(` ${Array.from({ length: 60_000 }, (_, index) => `a${index}=''`).join(' ')}/>`), 'attributes'],
])('more %s than the limit are refused before a tree is made of them', (_, document, what) => {
  expect(fault(() => decodeXmlRequest(document))).toMatchObject({ code: 'BODY_TOO_LARGE', details: { what } });
});

test('namespaces cost what they are long, and not each element anew', () => {
  const declared = Array.from({ length: 20_000 }, (_, index) => `xmlns:n${index}="urn:${index}"`).join(' ');
  const children = '<constraint xmlns:own="urn:own"/>'.repeat(20_000);
  const document = `<vmgrid version="1" ${declared}><list>${children}</list></vmgrid>`;
  const begun = performance.now();
  expect(fault(() => decodeXmlRequest(document))).toMatchObject({ code: 'REQUEST_INVALID' });
  expect(performance.now() - begun).toBeLessThan(20_000);
});

test('what looks like elements in text, comments and attributes is none', () => {
  const much = '<a b="" c="">'.repeat(20_000);
  const script = `<content><!-- ${much} --><![CDATA[${much}]]></content>`;
  const request = decodeXmlRequest(withAction(`<action id="a" kind="file" path="/a>b/'c">${script}</action>`));
  expect((request.body as CreateRequest).dag.actions[0]).toMatchObject({ content: much });
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
