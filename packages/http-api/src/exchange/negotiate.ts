/** Media types of the body and of the reply (RFC 9110, sections 8.3 and 12.5.1). */
import { GridError } from '@vmgrid/protocol';
import type { Request } from 'express';

export type Medium = 'json' | 'xml';

const JSON_TYPES = ['application/json'];
const XML_TYPES = ['application/xml', 'text/xml'];

/** Returns the medium of the body. @throws GridError MEDIA_TYPE_UNSUPPORTED */
export function bodyMedium(request: Request): Medium {
  if (request.is(JSON_TYPES)) return 'json';
  if (request.is(XML_TYPES)) return 'xml';
  const actual = request.get('content-type') ?? 'none';
  throw new GridError('MEDIA_TYPE_UNSUPPORTED', `the Content-Type is ${actual.slice(0, 100)}`, {
    contentType: actual.slice(0, 100),
  });
}

/**
 * Returns the medium of the reply: the one that Accept asks for, or without a preference the medium of the body.
 * @throws GridError NOT_ACCEPTABLE
 */
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

/** Returns the media type under which XML is sent. */
export const xmlType = (request: Request): string => request.accepts(XML_TYPES) || 'application/xml';
