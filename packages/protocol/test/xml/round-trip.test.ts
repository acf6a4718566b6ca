import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { decodeRequest, parseJson } from '@vmgrid/protocol';
import { decodeXmlReply, decodeXmlRequest, encodeXmlReply, encodeXmlRequest } from '@vmgrid/protocol/xml';
import fc from 'fast-check';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';
import { reply, request } from '../arbitraries.ts';

test('every request survives XML', () => {
  fc.assert(
    fc.property(request, (one) => {
      expect(decodeXmlRequest(encodeXmlRequest(one))).toEqual(one);
    }),
    { numRuns: 200 },
  );
});

test('the XSD accepts every request and reply that the codec writes', () => {
  const bytes = readFileSync(join(import.meta.dirname, '../../../../schemas/vmgrid.xsd'));
  using schema = XmlDocument.fromBuffer(bytes);
  using xsd = XsdValidator.fromDoc(schema);
  const accepts = (text: string) => {
    using document = XmlDocument.fromString(text);
    xsd.validate(document);
  };
  fc.assert(
    fc.property(request, (one) => accepts(encodeXmlRequest(one))),
    { numRuns: 100 },
  );
  fc.assert(
    fc.property(reply, (one) => accepts(encodeXmlReply(one))),
    { numRuns: 100 },
  );
});

test('every request survives JSON', () => {
  fc.assert(
    fc.property(request, (one) => {
      expect(decodeRequest(one.verb, parseJson(new TextEncoder().encode(JSON.stringify(one.body))))).toEqual(one);
    }),
    { numRuns: 100 },
  );
});

test('every reply survives XML', () => {
  fc.assert(
    fc.property(reply, (one) => {
      expect(decodeXmlReply(encodeXmlReply(one))).toEqual(one);
    }),
    { numRuns: 200 },
  );
});
