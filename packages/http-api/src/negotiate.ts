/** Media types: what a body is, and what the client wants back (RFC 9110, sections 8.3 and 12.5.1). */
import { GridError } from '@vmgrid/protocol';
import type { Request } from 'express';

export type Medium = 'json' | 'xml';

const JSON_TYPES = ['application/json'];
const XML_TYPES = ['application/xml', 'text/xml'];

/** What the request's body is. @throws GridError MEDIA_TYPE_UNSUPPORTED */
export function bodyMedium(request: Request): Medium {
  if (request.is(JSON_TYPES)) return 'json';
  if (request.is(XML_TYPES)) return 'xml';
  const actual = request.get('content-type') ?? 'none';
  throw new GridError('MEDIA_TYPE_UNSUPPORTED', `the Content-Type is ${actual.slice(0, 100)}`, {
    contentType: actual.slice(0, 100),
  });
}

/** What the reply shall be: as Accept says; without a preference, as the body was. @throws GridError NOT_ACCEPTABLE */
export function replyMedium(request: Request, offered: readonly Medium[] = ['json', 'xml']): Medium {
  const own: Medium = request.is(XML_TYPES) ? 'xml' : 'json';
  const inOrder = [own, own === 'xml' ? 'json' : 'xml'].filter((medium) =>
    offered.includes(medium as Medium),
  ) as Medium[];
  const types = inOrder.flatMap((medium) => (medium === 'json' ? JSON_TYPES : XML_TYPES));
  const chosen = request.accepts(types);
  if (chosen === false) {
    throw new GridError('NOT_ACCEPTABLE', `none of ${types.join(', ')} is in Accept`, { offered: types });
  }
  return JSON_TYPES.includes(chosen as string) ? 'json' : 'xml';
}

/** Which of the names of XML the reply shall have. */
export const xmlType = (request: Request): string => request.accepts(XML_TYPES) || 'application/xml';
