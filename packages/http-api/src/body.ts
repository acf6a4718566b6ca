/** Documents out of HTTP requests. */
import { decodeRequest, GridError, type Request as GridRequest, parseJson, type Verb } from '@vmgrid/protocol';
import { decodeXmlRequest } from '@vmgrid/protocol/xml';
import type { Request } from 'express';
import { bodyMedium } from './negotiate.ts';

type BodyOf<V extends Verb> = Extract<GridRequest, { readonly verb: V }>['body'];

/** The bytes of the body; none is an empty document. */
const bodyOf = (request: Request): Buffer => (Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));

/** The body as a request of the verb, in JSON or XML. `fixed` holds what the address says already. */
export function readVerb<V extends Verb>(
  request: Request,
  verb: V,
  fixed: Readonly<Record<string, unknown>> = {},
): BodyOf<V> {
  if (bodyMedium(request) === 'json') {
    const document = { ...withIdempotencyKey(request, readJson(request)), ...fixed };
    return decodeRequest(verb, document).body as BodyOf<V>;
  }
  const decoded = decodeXmlRequest(bodyOf(request));
  if (decoded.verb !== verb) {
    throw new GridError('REQUEST_INVALID', `the document holds <${decoded.verb}>, but this address takes <${verb}>`);
  }
  return decodeRequest(verb, { ...withIdempotencyKey(request, decoded.body), ...fixed }).body as BodyOf<V>;
}

/** The body as the description of a machine: in XML as `<create>` or `<estimate>`. */
export function readMachine(request: Request): BodyOf<'estimate'> {
  if (bodyMedium(request) === 'json') return readVerb(request, 'estimate');
  const { verb } = decodeXmlRequest(bodyOf(request));
  return readVerb(request, verb === 'create' ? 'create' : 'estimate');
}

export function readJson(request: Request): object {
  if (bodyMedium(request) !== 'json') {
    throw new GridError('MEDIA_TYPE_UNSUPPORTED', 'this address takes application/json only');
  }
  const document = parseJson(bodyOf(request));
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document;
  throw new GridError('REQUEST_INVALID', 'the document is not a JSON object');
}

/** The body as an XML document of any verb. */
export function readXml(request: Request): GridRequest {
  if (bodyMedium(request) !== 'xml') {
    throw new GridError('MEDIA_TYPE_UNSUPPORTED', 'this address takes application/xml and text/xml only');
  }
  return decodeXmlRequest(bodyOf(request));
}

/** The header `Idempotency-Key` is the request id of a document that has none. */
export function withIdempotencyKey(request: Request, document: object): object {
  const key = request.get('idempotency-key');
  if (key === undefined) return document;
  const { requestId = key } = document as { requestId?: unknown };
  if (requestId === key) return { ...document, requestId: key };
  throw new GridError('REQUEST_INVALID', 'the Idempotency-Key differs from the requestId of the document');
}

/** A query parameter that may come once. */
export function singleQuery(request: Request, name: string): string | undefined {
  const value = request.query[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new GridError('REQUEST_INVALID', `the query parameter ${name} may come once`);
}
