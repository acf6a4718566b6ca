import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { decodeRequest, parseJson } from '@vmgrid/protocol';
import {
  decodeXmlReply,
  decodeXmlRequest,
  encodeXmlReply,
  encodeXmlRequest,
  xmlReplySteps,
} from '@vmgrid/protocol/xml';
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

const LIST = `<?xml version="1.0" encoding="UTF-8"?>
<vmgrid version="1">
  <reply>
    <vms next="more">
      <vm>
        <c>
          <a n="Cpus"><i>2</i></a>
        </c>
      </vm>
      <vm><c/></vm>
      <silentPlant>plant-1</silentPlant>
    </vms>
  </reply>
</vmgrid>
`;

test('a list is written in a step for each item, and looks as if it were written at once', () => {
  const body = { vms: [{ Cpus: 2 }, {}], silentPlants: ['plant-1'], next: 'more' };
  const steps = xmlReplySteps({ kind: 'vms', body });
  for (let item = 0; item < 3; item += 1) expect(steps.next()).toEqual({ done: false });
  expect(steps.next()).toEqual({ done: true, value: LIST });
});

test('every reply survives XML', () => {
  fc.assert(
    fc.property(reply, (one) => {
      expect(decodeXmlReply(encodeXmlReply(one))).toEqual(one);
    }),
    { numRuns: 200 },
  );
});
