/**
 * Reduces elements to their local names. Libraries write namespace declarations, prefixes, schema locations, types and
 * `xml:space`, which have no meaning here, and for what is not there an empty element with `xsi:nil`. The namespace of
 * the root, whatever it is, is the namespace of the document.
 */
import type { XmlElement } from './element.ts';

const INSTANCE = 'http://www.w3.org/2001/XMLSchema-instance';
/** Attributes of XML Schema instances that tell a validator where schemas are, and an element's type in them. */
const FOR_VALIDATORS = ['schemaLocation', 'noNamespaceSchemaLocation', 'type'];
/** What is true and false in XML Schema. */
const [YES, NO] = [
  ['true', '1'],
  ['false', '0'],
];

/** Returns the namespace of a prefix; '' is the missing prefix. Inner elements ask the outer ones. */
type Namespaces = (prefix: string) => string | undefined;

const NONE: Namespaces = () => undefined;

/** Returns the tree with plain names. Names of other namespaces keep their prefix, so that the reader refuses them. */
export function withPlainNames(root: XmlElement): XmlElement {
  const inside = declaredIn(root, NONE);
  return plain(root, NONE, inside(split(root.name).prefix) ?? '');
}

function plain(element: XmlElement, around: Namespaces, own: string): XmlElement {
  const namespaces = declaredIn(element, around);
  const attributes = Object.entries(element.attributes).flatMap(([name, value]) => {
    const saysNothing = isNil(name, namespaces) && NO.includes(value.trim());
    const plainName = saysNothing ? undefined : attributeName(name, namespaces, own);
    return plainName === undefined ? [] : [[plainName, value] as const];
  });
  const { prefix, local } = split(element.name);
  return {
    name: (namespaces(prefix) ?? '') === own ? local : element.name,
    attributes: Object.fromEntries(attributes),
    children: element.children.flatMap((child) => (isAbsent(child, namespaces) ? [] : [plain(child, namespaces, own)])),
    text: element.text,
  };
}

const isNil = (name: string, namespaces: Namespaces): boolean =>
  split(name).local === 'nil' && namespaces(split(name).prefix) === INSTANCE;

/** Whether an element says of itself that it is not there, and nothing else. */
function isAbsent(element: XmlElement, around: Namespaces): boolean {
  if (element.children.length > 0 || element.text.trim() !== '') return false;
  const namespaces = declaredIn(element, around);
  const said = Object.keys(element.attributes).filter((name) => attributeName(name, namespaces, '') !== undefined);
  const [only, another] = said;
  if (only === undefined || another !== undefined || !isNil(only, namespaces)) return false;
  return YES.includes(element.attributes[only]!.trim());
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

/** Returns undefined for an attribute without a meaning here. Attributes without a prefix belong to their element. */
function attributeName(name: string, namespaces: Namespaces, own: string): string | undefined {
  const { prefix, local } = split(name);
  if (name === 'xmlns' || prefix === 'xmlns' || prefix === 'xml') return undefined;
  if (prefix === '') return name;
  const namespace = namespaces(prefix);
  if (namespace === INSTANCE && FOR_VALIDATORS.includes(local)) return undefined;
  return namespace !== undefined && namespace === own ? local : name;
}

function split(name: string): { readonly prefix: string; readonly local: string } {
  const colon = name.indexOf(':');
  return colon === -1 ? { prefix: '', local: name } : { prefix: name.slice(0, colon), local: name.slice(colon + 1) };
}
