/** Decodes the bytes of a document. Pure: it runs here or in a worker. */
import { decodeRequest, GridError, parseJsonDocument, type Verb } from '@vmgrid/protocol';
import { decodeXmlRequest } from '@vmgrid/protocol/xml';
import type { Medium } from '../exchange/negotiate.ts';

export interface IncomingDocument {
  readonly medium: Medium;
  readonly bytes: Uint8Array;
  /**
   * The verbs that the document may have. JSON, which does not name its verb, is decoded as the first. Left out: any
   * object, or a request of any verb.
   */
  readonly verbs?: readonly Verb[];
  /** The request id of a document without one. */
  readonly requestId?: string;
  /** Fields that the path gives. */
  readonly fixed?: Readonly<Record<string, unknown>>;
}

/**
 * Returns the body of a request of one of the verbs. Without verbs: for JSON the object, for XML the request with its
 * verb.
 * @throws GridError what `parseJsonDocument`, `decodeXmlRequest` and `decodeRequest` throw
 */
export function decodeDocument({ medium, bytes, verbs, requestId, fixed }: IncomingDocument): unknown {
  if (medium === 'json') {
    const object = { ...withRequestId(requireObject(parseJsonDocument(bytes)), requestId), ...fixed };
    return verbs ? decodeRequest(verbs[0]!, object).body : object;
  }
  const request = decodeXmlRequest(bytes);
  if (!verbs) return request;
  if (!verbs.includes(request.verb)) {
    const takes = verbs.map((verb) => `<${verb}>`).join(' or ');
    throw new GridError('REQUEST_INVALID', `the document holds <${request.verb}>, but this address takes ${takes}`);
  }
  return decodeRequest(request.verb, { ...withRequestId(request.body, requestId), ...fixed }).body;
}

function requireObject(document: unknown): object {
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document;
  throw new GridError('REQUEST_INVALID', 'the document is not a JSON object');
}

/** @throws GridError REQUEST_INVALID when the document has another id */
function withRequestId(document: object, key: string | undefined): object {
  if (key === undefined) return document;
  const { requestId = key } = document as { requestId?: unknown };
  if (requestId === key) return { ...document, requestId: key };
  throw new GridError('REQUEST_INVALID', 'the Idempotency-Key differs from the requestId of the document');
}
