/** Replies in XML: `<vmgrid version="1"><reply requestId="…">` with one element named by the reply's kind. */
import type { TSchema } from 'typebox';
import { GridError } from '../errors/grid-error.ts';
import { REQUEST_LIMITS } from '../limits.ts';
import { ErrorReply, EstimateReply, ListReply, OperationReply, type Reply, VmReply } from '../schema/replies.ts';
import { validate } from '../schema/validation/validator.ts';
import { readBid, readDecline, writeBid, writeDecline } from './bid-xml.ts';
import { readAd, writeAd } from './classad-xml.ts';
import { buildXml, parseXml, type XmlElement } from './element.ts';
import { openEnvelope, XML_VERSION } from './envelope.ts';
import { member, members } from './fields.ts';
import { asText, invalid, type OpenElement, openElement, textOf } from './open-element.ts';
import { readError, readOperation, writeError, writeOperation } from './operation-xml.ts';
import { withPlainNames } from './plain-names.ts';
import { readTrail, writeTrail } from './trail-xml.ts';
import { xmlText } from './well-formed.ts';
import { element, textElement } from './write.ts';

/**
 * Writes the document of a reply. Characters that XML cannot carry become U+FFFD, so that a failure can always be
 * reported.
 */
export function encodeXmlReply(reply: Reply): string {
  const requestId = 'requestId' in reply.body ? reply.body.requestId : undefined;
  return buildXml(
    element('vmgrid', { version: XML_VERSION }, [element('reply', { requestId }, writeReply(reply))]),
    'replace',
  );
}

function writeReply({ kind, body }: Reply): readonly XmlElement[] {
  switch (kind) {
    case 'vm':
      return [writeAd('vm', body.vm), ...(body.trail === undefined ? [] : [writeTrail(body.trail)])];
    case 'vms': {
      const silent = body.silentPlants.map(writeSilent);
      return [element('vms', { next: body.next }, [...body.vms.map((vm) => writeAd('vm', vm)), ...silent])];
    }
    case 'estimate': {
      const { bids, declines, trail, silentPlants = [] } = body;
      const offers = [...bids.map(writeBid), ...declines.map(writeDecline)];
      return [element('estimate', {}, [...offers, writeTrail(trail), ...silentPlants.map(writeSilent)])];
    }
    case 'operation':
      return [writeOperation(body)];
    case 'error':
      return [writeError(body.error)];
  }
}

const writeSilent = (plantId: string): XmlElement => textElement('silentPlant', plantId);

const SCHEMAS: { readonly [K in Reply['kind']]: TSchema } = {
  vm: VmReply,
  vms: ListReply,
  estimate: EstimateReply,
  operation: OperationReply,
  error: ErrorReply,
};

/** Reads a reply from its document. Throws GridError LINK_PROTOCOL for anything else. */
export function decodeXmlReply(document: string | Uint8Array): Reply {
  try {
    const { kind, body } = readReply(withPlainNames(parseXml(xmlText(document), REQUEST_LIMITS.xmlReplyDepth)));
    return { kind, body: validate(SCHEMAS[kind], body, { subject: kind }) } as Reply;
  } catch (thrown) {
    if (!(thrown instanceof GridError)) throw thrown;
    throw new GridError('LINK_PROTOCOL', `not a reply in XML: ${thrown.message}`, thrown.details, { cause: thrown });
  }
}

function readReply(root: XmlElement): { readonly kind: Reply['kind']; readonly body: object } {
  const open = openElement(openEnvelope(root, ['reply']), 'reply', {
    attributes: { requestId: asText },
    children: { vm: 'one', trail: 'one', vms: 'one', estimate: 'one', operation: 'one', error: 'one' },
  });
  const kinds = (Object.keys(SCHEMAS) as Reply['kind'][]).filter((name) => open.one(name) !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    throw invalid('reply', `has ${kinds.length} of ${Object.keys(SCHEMAS).join(', ')}, but must have one`);
  }
  return { kind, body: { ...open.attributes, ...readKind(kind, open) } };
}

function readKind(kind: Reply['kind'], open: OpenElement): object {
  const child = open.one(kind) as XmlElement;
  const path = `${open.path}/${kind}`;
  switch (kind) {
    case 'vm':
      return { vm: readAd(child, path), ...member(open, 'trail', readTrail) };
    case 'vms': {
      const list = openElement(child, path, {
        attributes: { next: asText },
        children: { vm: 'many', silentPlant: 'many' },
      });
      const silentPlants = members(list, 'silentPlant', textOf);
      return { ...list.attributes, vms: members(list, 'vm', readAd), silentPlants };
    }
    case 'estimate': {
      const children = { bid: 'many', decline: 'many', trail: 'one', silentPlant: 'many' } as const;
      const estimate = openElement(child, path, { children });
      const silentPlants = members(estimate, 'silentPlant', textOf);
      return {
        ...{ bids: members(estimate, 'bid', readBid), declines: members(estimate, 'decline', readDecline) },
        ...member(estimate, 'trail', readTrail),
        ...(silentPlants.length === 0 ? {} : { silentPlants }),
      };
    }
    case 'operation':
      return readOperation(child, path);
    case 'error':
      return { error: readError(child, path) };
  }
}
