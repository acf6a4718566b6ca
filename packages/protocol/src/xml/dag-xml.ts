/**
 * Configuration DAGs in XML. Reading gives plain JSON, not yet validated; an empty list and none are the same in XML.
 */
import type { Action, Dag } from '@vmgrid/dag';
import { shortName } from '../schema/validation/show.ts';
import type { XmlElement } from './element.ts';
import { asBoolean, asNumber, asText, invalid, type OpenElement, openElement, textOf } from './open-element.ts';
import { element, optionalText, textElement } from './write.ts';

const ACTION_ATTRIBUTES = {
  id: asText,
  kind: asText,
  timeout: asText,
  retries: asNumber,
  onError: asText,
  secret: asBoolean,
  perMachine: asBoolean,
  freshness: asText,
  reboot: asBoolean,
  path: asText,
  mode: asText,
  owner: asText,
  encoding: asText,
  contentDigest: asText,
  name: asText,
} as const;

const ACTION_CHILDREN = {
  script: 'one',
  content: 'one',
  package: 'many',
  argument: 'many',
  environment: 'many',
  recover: 'one',
  comment: 'one',
} as const;

export function readDag(dag: XmlElement, path: string): object {
  const open = openElement(dag, path, { children: { action: 'many', edge: 'many' } });
  const edges = open.many('edge').map((edge, index) => {
    return openElement(edge, `${path}/edge[${index + 1}]`, { attributes: { from: asText, to: asText } }).attributes;
  });
  return {
    actions: open.many('action').map((action, index) => readAction(action, `${path}/action[${index + 1}]`)),
    ...(edges.length > 0 && { edges }),
  };
}

function readAction(action: XmlElement, path: string): object {
  const { kind, contentDigest } = action.attributes;
  const mayHoldText = kind === 'file' && action.children.length === 0 && contentDigest === undefined;
  const open = openElement(action, path, {
    attributes: ACTION_ATTRIBUTES,
    children: ACTION_CHILDREN,
    text: mayHoldText,
  });
  return {
    ...open.attributes,
    ...(mayHoldText && { content: open.text }),
    ...texts(open, ['script', 'content', 'recover', 'comment']),
    ...list(open, 'package', 'packages'),
    ...list(open, 'argument', 'arguments'),
    ...environment(open),
  };
}

function texts(open: OpenElement, names: readonly string[]): object {
  const found = names.flatMap((name) => {
    const child = open.one(name);
    return child === undefined ? [] : [[name, textOf(child, `${open.path}/${name}`)]];
  });
  return Object.fromEntries(found);
}

function list(open: OpenElement, name: string, member: string): object {
  const items = open.many(name).map((item, index) => textOf(item, `${open.path}/${name}[${index + 1}]`));
  return items.length === 0 ? {} : { [member]: items };
}

function environment(open: OpenElement): object {
  const variables = new Map<string, string>();
  for (const [index, variable] of open.many('environment').entries()) {
    const path = `${open.path}/environment[${index + 1}]`;
    const { attributes, text } = openElement(variable, path, { attributes: { name: asText }, text: true });
    if (typeof attributes.name !== 'string') throw invalid(path, 'has no name');
    if (variables.has(attributes.name)) throw invalid(path, `has the name of another: ${shortName(attributes.name)}`);
    variables.set(attributes.name, text);
  }
  return variables.size === 0 ? {} : { environment: Object.fromEntries(variables) };
}

export function writeDag(name: string, { actions, edges = [] }: Dag): XmlElement {
  return element(name, {}, [...actions.map(writeAction), ...edges.map((edge) => element('edge', edge))]);
}

function writeAction(action: Action): XmlElement {
  const { id, kind, timeout, retries, onError, secret, perMachine, freshness } = action;
  const reboot = action.kind === 'host' ? undefined : action.reboot;
  const { attributes, children } = writeKind(action);
  const hints = { timeout, retries, onError, secret, perMachine, freshness, reboot };
  return element('action', { id, kind, ...hints, ...attributes }, [
    ...children,
    ...optionalText('recover', action.recover),
    ...optionalText('comment', action.comment),
  ]);
}

interface KindParts {
  readonly attributes: Readonly<Record<string, string | undefined>>;
  readonly children: readonly XmlElement[];
}

function writeKind(action: Action): KindParts {
  switch (action.kind) {
    case 'script':
      return {
        attributes: {},
        children: [textElement('script', action.script), ...writeEnvironment(action.environment)],
      };
    case 'file': {
      const { path, mode, owner, encoding, content, contentDigest } = action;
      const attributes = { path, mode, owner, encoding, contentDigest };
      return { attributes, children: optionalText('content', content) };
    }
    case 'package': {
      const packages = action.packages.map((name) => textElement('package', name));
      return { attributes: {}, children: [...packages, ...writeEnvironment(action.environment)] };
    }
    case 'host': {
      const texts = action.arguments ?? [];
      return { attributes: { name: action.name }, children: texts.map((text) => textElement('argument', text)) };
    }
  }
}

function writeEnvironment(variables: Readonly<Record<string, string>> = {}): readonly XmlElement[] {
  return Object.entries(variables).map(([name, value]) => textElement('environment', value, { name }));
}
