import { expect, test } from '@jest/globals';
import {
  decodeRequest,
  decodeXmlReply,
  decodeXmlRequest,
  encodeXmlReply,
  encodeXmlRequest,
  parseJson,
} from '@vmgrid/protocol';
import fc from 'fast-check';
import { reply, request } from '../arbitraries.ts';

test('every request survives XML', () => {
  fc.assert(
    fc.property(request, (one) => {
      expect(decodeXmlRequest(encodeXmlRequest(one))).toEqual(one);
    }),
    { numRuns: 500 },
  );
});

test('every request survives JSON', () => {
  fc.assert(
    fc.property(request, (one) => {
      expect(decodeRequest(one.verb, parseJson(new TextEncoder().encode(JSON.stringify(one.body))))).toEqual(one);
    }),
    { numRuns: 300 },
  );
});

test('every reply survives XML', () => {
  fc.assert(
    fc.property(reply, (one) => {
      expect(decodeXmlReply(encodeXmlReply(one))).toEqual(one);
    }),
    { numRuns: 500 },
  );
});
