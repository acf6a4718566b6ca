/** Replies in XML: `<vmgrid version="1"><reply requestId="…">` with one element named by the reply's kind. */
import type { TSchema } from 'typebox';
import { GridError } from '../errors/grid-error.ts';
import { REQUEST_LIMITS } from '../limits.ts';
import { ErrorReply, EstimateReply, ListReply, OperationReply, type Reply, VmReply } from '../schema/replies.ts';
import { validate } from '../schema/validation/validator.ts';
import { readBid, readDecline, writeBid, writeDecline } from './bid-xml.ts';
import { readAd, writeAd } from './classad-xml.ts';
import { buildElement, buildXml, parseXml, type XmlElement } from './element.ts';
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
  const steps = xmlReplySteps(reply);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Steps to the document of a reply, one for each item of a list: to write an item takes up to a millisecond. */
export function* xmlReplySteps(reply: Reply): Generator<undefined, string> {
  const requestId = 'requestId' in reply.body ? reply.body.requestId : undefined;
  const document = (children: readonly XmlElement[]) =>
    buildXml(element('vmgrid', { version: XML_VERSION }, [element('reply', { requestId }, children)]), 'replace');
  if (reply.kind !== 'vms' && reply.kind !== 'estimate') return document(writeReply(reply));
  const list = listIn(reply);
  if (list.items.length < 2) return document([{ ...list.holder, children: list.items.map((write) => write()) }]);
  // As a document with two empty items, in whose place all the items stand.
  const around = document([{ ...list.holder, children: [EMPTY_ITEM, EMPTY_ITEM] }]);
  const place = `${ITEM_INDENT}${buildElement(EMPTY_ITEM, ITEM_INDENT, 'replace')}`.repeat(2);
  const at = around.lastIndexOf(place);
  const pieces = [around.slice(0, at)];
  for (const write of list.items) {
    pieces.push(ITEM_INDENT, buildElement(write(), ITEM_INDENT, 'replace'));
    yield;
  }
  return [...pieces, around.slice(at + place.length)].join('');
}

const EMPTY_ITEM = element('item');
/** Items stand in a list, in `reply`, in `vmgrid`. */
const ITEM_INDENT = `\n${' '.repeat(6)}`;

interface ListInXml {
  /** The element of the list, without its items. */
  readonly holder: XmlElement;
  readonly items: readonly (() => XmlElement)[];
}

type ListReplies = Extract<Reply, { readonly kind: 'vms' | 'estimate' }>;

/** The list that a reply consists of. */
function listIn({ kind, body }: ListReplies): ListInXml {
  const each = <T>(items: readonly T[], write: (item: T) => XmlElement) => items.map((item) => () => write(item));
  if (kind === 'vms') {
    const items = [...each(body.vms, (vm) => writeAd('vm', vm)), ...each(body.silentPlants, writeSilent)];
    return { holder: element('vms', { next: body.next }), items };
  }
  const { bids, declines, trail, silentPlants = [] } = body;
  const offers = [...each(bids, writeBid), ...each(declines, writeDecline)];
  const items = [...offers, () => writeTrail(trail), ...each(silentPlants, writeSilent)];
  return { holder: element('estimate'), items };
}

function writeReply({ kind, body }: Exclude<Reply, ListReplies>): readonly XmlElement[] {
  switch (kind) {
    case 'vm':
      return [writeAd('vm', body.vm), ...(body.trail === undefined ? [] : [writeTrail(body.trail)])];
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
