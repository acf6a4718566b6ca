/**
 * ClassAds as members of JSON messages. HTCondor's JSON tells an expression from a string only by how a slash is
 * escaped (`"\/Expr(…)\/"`), which does not survive `JSON.parse`. In messages, therefore, a string of the form
 * `/Expr(…)/` always is an expression; a string value that happens to have that form is sent as the expression that
 * quotes it.
 */
import {
  type Ad,
  ClassAd,
  ClassAdSyntaxError,
  Expression,
  type PlainValue,
  parseExpression,
  unparse,
} from '@vmgrid/classad';
import { GridError } from '../errors/grid-error.ts';
import type { ClassAdJson } from '../schema/replies.ts';

type Node = Expression['node'];

const QUOTED = /^\/Expr\(([\s\S]*)\)\/$/;

/**
 * Converts an ad to a JSON value. Reals without a fraction arrive as integers, because JSON has only one kind of
 * number.
 */
export function adToJson(ad: Ad): ClassAdJson {
  return Object.fromEntries(ad.entries().map(([name, { node }]) => [name, nodeToJson(node)]));
}

function nodeToJson(node: Node): unknown {
  switch (node.kind) {
    case 'ad':
      return adToJson(node.ad);
    case 'list':
      return node.items.map(nodeToJson);
    case 'literal':
      return literalToJson(node);
    default:
      return quoted(node);
  }
}

function literalToJson(node: Extract<Node, { kind: 'literal' }>): unknown {
  const { value } = node;
  switch (value.kind) {
    case 'undefined':
      return null;
    case 'boolean':
      return value.value;
    case 'integer': {
      const number = Number(value.value);
      return Number.isSafeInteger(number) ? number : quoted(node);
    }
    case 'real':
      return Number.isFinite(value.value) ? value.value : quoted(node);
    case 'string':
      return QUOTED.test(value.value) ? quoted(node) : value.value;
    default:
      return quoted(node);
  }
}

const quoted = (node: Node): string => `/Expr(${unparse(new Expression(node))})/`;

/**
 * Converts a JSON value to an ad. Throws GridError LINK_PROTOCOL for an expression that does not parse, and for U+0000.
 */
export function adFromJson(json: ClassAdJson): ClassAd {
  try {
    return ClassAd.of(plain(json) as { [name: string]: PlainValue });
  } catch (cause) {
    if (!(cause instanceof ClassAdSyntaxError || cause instanceof TypeError)) throw cause;
    throw new GridError('LINK_PROTOCOL', `not a ClassAd in JSON: ${cause.message}`, {}, { cause });
  }
}

/**
 * Whether `adFromJson` accepts the value. An ad of plain values only, such as a plant's, is inspected without being
 * built.
 */
export function isAdJson(json: ClassAdJson): boolean {
  if (isPlainAd(json)) return true;
  try {
    adFromJson(json);
    return true;
  } catch (error) {
    if (error instanceof GridError) return false;
    throw error;
  }
}

/** Whether each attribute is a value, or a list of values, that JSON and ClassAds express alike. */
export const isPlainAd = (json: ClassAdJson): boolean =>
  Object.entries(json).every(
    ([name, value]) => isPlain(name) && (Array.isArray(value) ? value.every(isPlain) : isPlain(value)),
  );

function isPlain(value: unknown): boolean {
  if (typeof value === 'string') return !value.startsWith('/') && !value.includes('\0');
  if (typeof value === 'number') return Number.isSafeInteger(value) || !Number.isInteger(value);
  return typeof value !== 'object' || value === null;
}

function plain(value: unknown): PlainValue {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
  }
  const text = typeof value === 'string' ? QUOTED.exec(value)?.[1] : undefined;
  return text === undefined ? (value as PlainValue) : parseExpression(text);
}
