/** Requests in XML: `<vmgrid version="1">` with one element named by the verb. */
import { decodeRequest } from '../decode/requests.ts';
import { REQUEST_LIMITS } from '../limits.ts';
import type { MachineSpec } from '../schema/machine.ts';
import type { CreateRequest, Request } from '../schema/requests.ts';
import type { Telling } from '../schema/validation/validator.ts';
import { readDag, writeDag } from './dag-xml.ts';
import { buildXml, parseXml, type XmlElement } from './element.ts';
import { openEnvelope, XML_VERSION } from './envelope.ts';
import { asBoolean, asNumber, asText, type OpenElement, openElement, textOf } from './open-element.ts';
import { withPlainNames } from './plain-names.ts';
import { xmlText } from './well-formed.ts';
import { requireXmlWithinLimits } from './within-limits.ts';
import { element, optionalText, textElement } from './write.ts';

/** Adds to the fields of a document what came beside it. */
export type CompleteBody = (verb: string, body: object) => object;

/**
 * Reads a request from its document. Throws GridError XML_FORBIDDEN, BODY_TOO_LARGE, REQUEST_MALFORMED with line and
 * column, REQUEST_INVALID, or what `decodeRequest` and `complete` throw.
 */
export function decodeXmlRequest(
  document: string | Uint8Array,
  complete: CompleteBody = (_, body) => body,
  how?: Telling,
): Request {
  const text = xmlText(document);
  requireXmlWithinLimits(text);
  const root = withPlainNames(parseXml(text, REQUEST_LIMITS.xmlDepth));
  const verb = openEnvelope(root, Object.keys(READERS));
  return decodeRequest(verb.name, complete(verb.name, READERS[verb.name as Request['verb']](verb)), how);
}

type ReadVerb = (verb: XmlElement) => object;

const READERS: { readonly [V in Request['verb']]: ReadVerb } = {
  create: readCreate,
  estimate: readCreate,
  configure: (verb) => {
    const attributes = { requestId: asText, vmId: asText, scope: asText };
    const open = openElement(verb, verb.name, { attributes, children: { dag: 'one' } });
    return { ...open.attributes, ...dag(open, 'dag') };
  },
  query: (verb) => {
    const open = openElement(verb, verb.name, { attributes: { vmId: asText }, children: { attribute: 'many' } });
    const attributes = open.many('attribute').map((name, index) => textOf(name, `query/attribute[${index + 1}]`));
    return { ...open.attributes, ...(attributes.length > 0 && { attributes }) };
  },
  list: (verb) => {
    const attributes = { limit: asNumber, cursor: asText };
    const open = openElement(verb, verb.name, { attributes, children: { constraint: 'one' } });
    return { ...open.attributes, ...text(open, 'constraint') };
  },
  destroy: readVmVerb,
  suspend: readVmVerb,
  resume: readVmVerb,
  start: readVmVerb,
  renew: (verb) =>
    openElement(verb, verb.name, { attributes: { requestId: asText, vmId: asText, lease: asText, shorten: asBoolean } })
      .attributes,
  cancel: (verb) => openElement(verb, verb.name, { attributes: { requestId: asText } }).attributes,
};

function readVmVerb(verb: XmlElement): object {
  return openElement(verb, verb.name, { attributes: { requestId: asText, vmId: asText } }).attributes;
}

function readCreate(verb: XmlElement): object {
  const open = openElement(verb, verb.name, {
    attributes: { requestId: asText, lease: asText, atLeaseEnd: asText, keepFailed: asBoolean },
    children: { machine: 'one', requirements: 'one', rank: 'one', template: 'one', dag: 'one', destruction: 'one' },
  });
  const machine = open.one('machine');
  return {
    ...open.attributes,
    ...(machine && { machine: readMachine(machine, `${verb.name}/machine`) }),
    ...text(open, 'requirements'),
    ...text(open, 'rank'),
    ...text(open, 'template'),
    ...dag(open, 'dag'),
    ...dag(open, 'destruction'),
  };
}

function readMachine(machine: XmlElement, path: string): object {
  return openElement(machine, path, {
    attributes: { arch: asText, os: asText, memoryMiB: asNumber, cpus: asNumber, diskMiB: asNumber, line: asText },
  }).attributes;
}

function text(open: OpenElement, name: string): object {
  const child = open.one(name);
  return child === undefined ? {} : { [name]: textOf(child, `${open.path}/${name}`) };
}

function dag(open: OpenElement, name: string): object {
  const child = open.one(name);
  return child === undefined ? {} : { [name]: readDag(child, `${open.path}/${name}`) };
}

/** Writes the document of a request. Throws GridError REQUEST_INVALID for characters that XML cannot carry. */
export function encodeXmlRequest(request: Request): string {
  return buildXml(element('vmgrid', { version: XML_VERSION }, [writeVerb(request)]), 'throw');
}

function writeVerb({ verb, body }: Request): XmlElement {
  switch (verb) {
    case 'create':
    case 'estimate':
      return writeCreate(verb, body);
    case 'configure': {
      const { requestId, vmId, scope } = body;
      return element(verb, { requestId, vmId, scope }, [writeDag('dag', body.dag)]);
    }
    case 'query': {
      const names = body.attributes ?? [];
      return element(
        verb,
        { vmId: body.vmId },
        names.map((name) => textElement('attribute', name)),
      );
    }
    case 'list': {
      const { constraint, ...page } = body;
      return element(verb, page, optionalText('constraint', constraint));
    }
    case 'destroy':
    case 'suspend':
    case 'resume':
    case 'start':
    case 'renew':
    case 'cancel':
      return element(verb, body);
  }
}

function writeCreate(verb: string, request: CreateRequest): XmlElement {
  const { requestId, lease, atLeaseEnd, keepFailed, machine, requirements, rank, dag, destruction } = request;
  return element(verb, { requestId, lease, atLeaseEnd, keepFailed }, [
    writeMachine(machine),
    ...optionalText('requirements', requirements),
    ...optionalText('rank', rank),
    writeDag('dag', dag),
    ...(destruction === undefined ? [] : [writeDag('destruction', destruction)]),
  ]);
}

const writeMachine = (machine: MachineSpec): XmlElement => element('machine', machine);
