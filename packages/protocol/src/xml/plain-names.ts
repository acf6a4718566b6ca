/**
 * Elements by their local names. Libraries write much that says nothing here: declarations of namespaces, prefixes,
 * where a schema is, `xml:space`. The namespace of the root, whatever it is, is that of the document.
 */
import type { XmlElement } from './element.ts';

const INSTANCE = 'http://www.w3.org/2001/XMLSchema-instance';
/** Of XML Schema instances, what tells a validator where to look. */
const WHERE = ['schemaLocation', 'noNamespaceSchemaLocation'];

/** The namespace of a prefix; that without one has the prefix ''. Elements inside ask those around them. */
type Namespaces = (prefix: string) => string | undefined;

const NONE: Namespaces = () => undefined;

/** The tree with plain names. What is of another namespace keeps its prefix, for whoever reads it to refuse. */
export function withPlainNames(root: XmlElement): XmlElement {
  const inside = declaredIn(root, NONE);
  return plain(root, NONE, inside(split(root.name).prefix) ?? '');
}

function plain(element: XmlElement, around: Namespaces, own: string): XmlElement {
  const namespaces = declaredIn(element, around);
  const attributes = Object.entries(element.attributes).flatMap(([name, value]) => {
    const plainName = attributeName(name, namespaces, own);
    return plainName === undefined ? [] : [[plainName, value] as const];
  });
  const { prefix, local } = split(element.name);
  return {
    name: (namespaces(prefix) ?? '') === own ? local : element.name,
    attributes: Object.fromEntries(attributes),
    children: element.children.map((child) => plain(child, namespaces, own)),
    text: element.text,
  };
}

function declaredIn({ attributes }: XmlElement, around: Namespaces): Namespaces {
  const declared = Object.entries(attributes).flatMap(([name, uri]) => {
    const { prefix, local } = split(name);
    if (name !== 'xmlns' && prefix !== 'xmlns') return [];
    return [[prefix === '' ? '' : local, uri] as const];
  });
  if (declared.length === 0) return around;
  const own = new Map(declared);
  return (prefix) => own.get(prefix) ?? around(prefix);
}

/** Undefined for one that says nothing here. Those without a prefix belong to their element. */
function attributeName(name: string, namespaces: Namespaces, own: string): string | undefined {
  const { prefix, local } = split(name);
  if (name === 'xmlns' || prefix === 'xmlns' || prefix === 'xml') return undefined;
  if (prefix === '') return name;
  const namespace = namespaces(prefix);
  if (namespace === INSTANCE && WHERE.includes(local)) return undefined;
  return namespace !== undefined && namespace === own ? local : name;
}

function split(name: string): { readonly prefix: string; readonly local: string } {
  const colon = name.indexOf(':');
  return colon === -1 ? { prefix: '', local: name } : { prefix: name.slice(0, colon), local: name.slice(colon + 1) };
}
