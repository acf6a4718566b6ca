import { shortName, show } from '../schema/validation/show.ts';
import type { XmlElement } from './element.ts';
import { asText, invalid, openElement } from './open-element.ts';

/** Version of the XML documents, in the root's `version`. */
export const XML_VERSION = '1';

/**
 * Returns the only element inside `<vmgrid version="1">`. Throws GridError REQUEST_INVALID unless its name is one of
 * `names`.
 */
export function openEnvelope(root: XmlElement, names: readonly string[]): XmlElement {
  if (root.name !== 'vmgrid') throw invalid(shortName(root.name), 'is the root, but the root must be vmgrid');
  const { attributes } = openElement(root, 'vmgrid', {
    attributes: { version: asText },
    children: Object.fromEntries(names.map((name) => [name, 'many'])),
  });
  if (attributes.version !== XML_VERSION) {
    const version = attributes.version === undefined ? 'no version' : `the version ${show(attributes.version)}`;
    throw invalid('vmgrid', `has ${version}, but must have ${show(XML_VERSION)}`);
  }
  const [child, another] = root.children;
  if (child === undefined || another !== undefined) {
    throw invalid('vmgrid', `has ${root.children.length} elements, but must have one of ${names.join(', ')}`);
  }
  return child;
}
