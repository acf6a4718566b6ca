/** Every example of `schemas/examples` against the codecs, the JSON Schemas and the XSD. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeBuildImage, decodeRequest, GridError, MESSAGE_SCHEMAS, parseJson, validate } from '@vmgrid/protocol';
import { decodeXmlReply, decodeXmlRequest, encodeXmlReply, encodeXmlRequest } from '@vmgrid/protocol/xml';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';

const SCHEMAS = join(import.meta.dirname, '../../../schemas');
const VALID = join(SCHEMAS, 'examples/valid');
const INVALID = join(SCHEMAS, 'examples/invalid');

/** The message of each example, by the start of its name; the first match counts. */
const MESSAGES: readonly (readonly [start: string, schema: string])[] = [
  ['create-', 'create-request'],
  ['estimate', 'estimate-request'],
  ['configure-', 'configure-request'],
  ['query-', 'query-request'],
  ['list-', 'list-request'],
  ['destroy', 'destroy-request'],
  ['suspend', 'suspend-request'],
  ['resume', 'resume-request'],
  ['start', 'start-request'],
  ['renew', 'renew-request'],
  ['vm-event', 'vm-event'],
  ['build-image', 'build-image-request'],
  ['progress-event', 'progress-event'],
  ['reply-vms', 'list-reply'],
  ['reply-vm', 'vm-reply'],
  ['reply-estimate', 'estimate-reply'],
  ['reply-operation', 'operation-reply'],
  ['label-image', 'label-image-request'],
  ['verify-images', 'verify-images-request'],
  ['reply-equality', 'equality-reply'],
  ['collect-images', 'collect-images-request'],
  ['reply-image-diff', 'image-diff-reply'],
  ['reply-verify-images', 'verify-images-reply'],
  ['reply-collect-images', 'collect-images-reply'],
  ['reply-memory', 'memory-reply'],
  ['reply-images', 'image-list-reply'],
  ['reply-image', 'image-reply'],
  ['reply-build-image', 'build-image-reply'],
  ['reply-suggest-images', 'suggest-images-reply'],
  ['reply-plants', 'plant-list-reply'],
  ['plant-event', 'plant-event'],
  ['reply-auctions', 'auction-list-reply'],
  ['reply-audit', 'audit-reply'],
  ['reply-explain', 'explain-reply'],
  ['reply-error', 'error-reply'],
  ['request-export', 'request-export'],
];

/** Faults of the documents below that XSD 1.0 cannot express. */
const BEYOND_XSD: ReadonlySet<string> = new Set([
  'content-no-base64.REQUEST_INVALID.xml',
  'environment-twice.REQUEST_INVALID.xml',
  'path-on-script.REQUEST_INVALID.xml',
  'script-missing.REQUEST_INVALID.xml',
  'text-beside-elements.REQUEST_INVALID.xml',
]);
const XSD_CODES: ReadonlySet<string> = new Set(['REQUEST_INVALID', 'DAG_EDGE_UNKNOWN', 'DAG_DUPLICATE_ID']);

const names = (folder: string, ending: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort();
const schemaName = (name: string) => MESSAGES.find(([start]) => name.startsWith(start))?.[1] ?? '';
const isRequest = (name: string) => !name.startsWith('reply-');

let xsd: XsdValidator;

beforeAll(() => {
  const document = XmlDocument.fromBuffer(readFileSync(join(SCHEMAS, 'vmgrid.xsd')));
  try {
    xsd = XsdValidator.fromDoc(document);
  } finally {
    document.dispose();
  }
});
afterAll(() => xsd.dispose());

/** Throws what the XSD says against the document. */
function validateXml(text: Uint8Array | string): void {
  const document = XmlDocument.fromBuffer(typeof text === 'string' ? new TextEncoder().encode(text) : text);
  try {
    xsd.validate(document);
  } finally {
    document.dispose();
  }
}

/** Requests of operators are no verbs: they come to addresses of their own, in JSON only. */
const OPERATORS = new Set(['label-image-request', 'verify-images-request', 'collect-images-request']);

function decodeJson(name: string, json: unknown): unknown {
  const schema = schemaName(name);
  if (schema === 'build-image-request') return decodeBuildImage(json);
  if (schema.endsWith('-request') && !OPERATORS.has(schema))
    return decodeRequest(schema.replace('-request', ''), json).body;
  const file = MESSAGE_SCHEMAS.find((one) => one.name === schema);
  if (file === undefined) throw new Error(`no schema for the example ${name}`);
  return validate(file.schema, json);
}

const decodeXml = (name: string, text: Uint8Array | string) =>
  isRequest(name) ? decodeXmlRequest(text) : decodeXmlReply(text);

test('every message schema has an example', () => {
  const shown = new Set(names(VALID, '.json').map(schemaName));
  expect(MESSAGE_SCHEMAS.map(({ name }) => name).filter((name) => !shown.has(name) && name !== 'trail')).toEqual([]);
});

test.each(names(VALID, '.json'))('valid/%s follows its schema', (name) => {
  const json = parseJson(readFileSync(join(VALID, name)));
  expect(decodeJson(name, json)).toEqual(json);
});

test.each(names(VALID, '.xml'))('valid/%s follows the XSD and means what its JSON twin means', (name) => {
  const text = readFileSync(join(VALID, name));
  validateXml(text);
  const twin = parseJson(readFileSync(join(VALID, name.replace('.xml', '.json'))));
  expect(decodeXml(name, text).body).toEqual(twin);
});

test.each(names(VALID, '.xml'))('valid/%s means the same when it is written again, and follows the XSD', (name) => {
  const message = decodeXml(name, readFileSync(join(VALID, name)));
  const again = 'verb' in message ? encodeXmlRequest(message) : encodeXmlReply(message);
  validateXml(again);
  expect(decodeXml(name, again)).toEqual(message);
});

/** The code in `what.CODE.xml`. */
const codeOf = (name: string) => name.split('.')[1];

test.each(names(INVALID, ''))('invalid/%s is refused with its code', (name) => {
  const text = readFileSync(join(INVALID, name));
  let thrown: unknown;
  try {
    if (name.endsWith('.xml')) decodeXmlRequest(text);
    else decodeJson(name, parseJson(text));
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(GridError);
  expect((thrown as GridError).code).toBe(codeOf(name));
});

const refusedByXsd = names(INVALID, '.xml').filter((name) => XSD_CODES.has(codeOf(name) ?? ''));

test.each(refusedByXsd)('the XSD judges invalid/%s as the codec does, where it can', (name) => {
  const judge = () => validateXml(readFileSync(join(INVALID, name)));
  if (BEYOND_XSD.has(name)) expect(judge).not.toThrow();
  else expect(judge).toThrow();
});
