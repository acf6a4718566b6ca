/** Decodes the bytes of a document. Pure: it runs here or in a worker. */
import { completeBody, decodeRequest, GridError, parseJsonDocument, type Telling, type Verb } from '@vmgrid/protocol';
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
 * @throws GridError what `parseJsonDocument`, `decodeXmlRequest` and `decodeRequest` throw; Untold, where it is wanted
 */
export function decodeDocument(
  { medium, bytes, verbs, requestId, fixed = {} }: IncomingDocument,
  how?: Telling,
): unknown {
  const complete = (body: unknown) => withRequestId(completeBody(body, fixed), requestId);
  if (medium === 'json') {
    const object = complete(parseJsonDocument(bytes));
    return verbs ? decodeRequest(verbs[0]!, object, how).body : object;
  }
  if (!verbs) return decodeXmlRequest(bytes, undefined, how);
  const completeOfVerb = (verb: string, body: object) => {
    requireVerb(verb, verbs);
    return complete(body);
  };
  return decodeXmlRequest(bytes, completeOfVerb, how).body;
}

function requireVerb(verb: string, verbs: readonly string[]): void {
  if (verbs.includes(verb)) return;
  const takes = verbs.map((one) => `<${one}>`).join(' or ');
  throw new GridError('REQUEST_INVALID', `the document holds <${verb}>, but this address takes ${takes}`);
}

/** @throws GridError REQUEST_INVALID when the document has another id */
function withRequestId(document: object, key: string | undefined): object {
  if (key === undefined) return document;
  const { requestId = key } = document as { requestId?: unknown };
  if (requestId === key) return { ...document, requestId: key };
  throw new GridError('REQUEST_INVALID', 'the Idempotency-Key differs from the requestId of the document');
}
