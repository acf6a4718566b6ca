/** Reads documents from HTTP requests. */
import { GridError, type Request as GridRequest, type Verb } from '@vmgrid/protocol';
import type { Request, Response } from 'express';
import { principalOf } from '../access/guard.ts';
import type { IncomingDocument } from '../documents/decode-document.ts';
import { documents } from '../documents/document-service.ts';
import { bodyMedium } from './negotiate.ts';

type BodyOf<V extends Verb> = Extract<GridRequest, { readonly verb: V }>['body'];
/** A request and its response, which knows the principal. */
export type Exchange = readonly [request: Request, response: Response];

/** Returns the bytes of the body; without a body, an empty document. */
const bytesOf = (request: Request): Buffer => (Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));

/** Whether there is a body with anything in it. */
export const hasBody = (request: Request): boolean => bytesOf(request).length > 0;

/** Reads the body as a request of the verb, in JSON or XML. `fixed` holds the fields that the path gives. */
export const readVerb = <V extends Verb>(
  exchange: Exchange,
  verb: V,
  fixed: IncomingDocument['fixed'] = {},
): Promise<BodyOf<V>> => read(exchange, { verbs: [verb], fixed, ...requestIdOf(exchange) }) as Promise<BodyOf<V>>;

/** Reads the body as the description of a machine; in XML `<create>` or `<estimate>`. */
export const readMachine = (exchange: Exchange): Promise<BodyOf<'estimate'>> =>
  read(exchange, { verbs: ['estimate', 'create'], ...requestIdOf(exchange) }) as Promise<BodyOf<'estimate'>>;

/** Reads the body as a JSON object. */
export function readJson(exchange: Exchange, wanted: Pick<IncomingDocument, 'requestId'> = {}): Promise<object> {
  requireMedium(exchange[0], 'json', 'this address accepts application/json only');
  return read(exchange, wanted) as Promise<object>;
}

/** Reads the body as a JSON object with its request id. */
export const readIdentified = (exchange: Exchange): Promise<object> => readJson(exchange, requestIdOf(exchange));

/** Reads the body as an XML document of any verb. */
export function readXml(exchange: Exchange): Promise<GridRequest> {
  requireMedium(exchange[0], 'xml', 'this address accepts application/xml and text/xml only');
  return read(exchange) as Promise<GridRequest>;
}

function requireMedium(request: Request, medium: IncomingDocument['medium'], message: string): void {
  if (bodyMedium(request) !== medium) throw new GridError('MEDIA_TYPE_UNSUPPORTED', message);
}

function read([request, response]: Exchange, wanted: Partial<IncomingDocument> = {}): Promise<unknown> {
  const document = { medium: bodyMedium(request), bytes: bytesOf(request), ...wanted };
  return documents.read(document, { owner: principalOf(response).owner, revalidate: response.locals.revalidate });
}

/** The header `Idempotency-Key` is the request id of a document without one. */
function requestIdOf([request]: Exchange): Pick<IncomingDocument, 'requestId'> {
  const requestId = request.get('idempotency-key');
  return requestId === undefined ? {} : { requestId };
}
