import { foldCase } from './ascii-case.ts';
import type { Node } from './ast.ts';
import { Expression } from './expression.ts';
import { maxSyntaxDepth } from './limits.ts';
import { unparseNode } from './text/unparse.ts';
import { absoluteTimeValue, booleanValue, integerValue, realValue, stringValue, undefinedValue } from './value.ts';

/**
 * The plain values that an attribute can be made from: integers become ClassAd integers, other numbers reals, `null`
 * undefined.
 */
export type PlainValue =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Expression
  | ClassAd
  | readonly PlainValue[]
  | { readonly [name: string]: PlainValue };

interface Attribute {
  readonly name: string;
  readonly expression: Expression;
}

/**
 * An immutable record of named expressions. Names are case-insensitive, and keep the spelling and order in which they
 * were given.
 */
export class ClassAd {
  static readonly empty: ClassAd = new ClassAd(new Map());

  private readonly attributes: ReadonlyMap<string, Attribute>;

  private constructor(attributes: ReadonlyMap<string, Attribute>) {
    this.attributes = attributes;
  }

  /**
   * Makes an ad of plain values: nested objects become ads, arrays lists, Dates absolute times in UTC; `Expression`s
   * stay as they are. Throws a TypeError on anything else, on text with U+0000, and on nesting deeper than 500 levels.
   */
  static of(record: { readonly [name: string]: PlainValue }): ClassAd {
    return adFrom(record, 0);
  }

  /** When a name occurs twice, the last expression wins. */
  static fromEntries(entries: Iterable<readonly [string, Expression]>): ClassAd {
    const attributes = new Map<string, Attribute>();
    for (const [name, expression] of entries) {
      const key = foldCase(name);
      attributes.set(key, { name: attributes.get(key)?.name ?? name, expression });
    }
    return new ClassAd(attributes);
  }

  get size(): number {
    return this.attributes.size;
  }

  has(name: string): boolean {
    return this.attributes.has(foldCase(name));
  }

  get(name: string): Expression | undefined {
    return this.attributes.get(foldCase(name))?.expression;
  }

  names(): string[] {
    return [...this.attributes.values()].map((attribute) => attribute.name);
  }

  entries(): [string, Expression][] {
    return [...this.attributes.values()].map((attribute) => [attribute.name, attribute.expression]);
  }

  /** Returns a copy with this attribute set. */
  with(name: string, value: PlainValue): ClassAd {
    const attributes = new Map(this.attributes);
    const key = foldCase(name);
    const expression = new Expression(nodeFrom(value, 0));
    return new ClassAd(attributes.set(key, { name: attributes.get(key)?.name ?? name, expression }));
  }

  /** Returns a copy without this attribute. */
  without(name: string): ClassAd {
    const attributes = new Map(this.attributes);
    attributes.delete(foldCase(name));
    return new ClassAd(attributes);
  }

  /** Returns a copy in which the attributes of `other` replace or join those of this ad. */
  merge(other: ClassAd): ClassAd {
    return ClassAd.fromEntries([...this.entries(), ...other.entries()]);
  }

  /** HTCondor's new-ClassAd text on one line: `[ a = 1; b = "x" ]`. */
  toString(): string {
    return unparseNode({ kind: 'ad', ad: this });
  }
}

function adFrom(record: { readonly [name: string]: PlainValue }, depth: number): ClassAd {
  return ClassAd.fromEntries(
    Object.entries(record).map(([name, value]) => [
      textWithoutNul(name),
      value instanceof Expression ? value : new Expression(nodeFrom(value, depth + 1)),
    ]),
  );
}

/** Throws a TypeError for an instant that no ClassAd time can hold, instead of hiding it in an error value. */
function timeFrom(date: Date): Node {
  const time = absoluteTimeValue(Math.floor(date.getTime() / 1000));
  if (time.kind === 'error') {
    throw new TypeError(`${String(date)} is no time a ClassAd can hold`);
  }
  return { kind: 'literal', value: time };
}

function textWithoutNul(text: string): string {
  if (text.includes('\0')) {
    throw new TypeError('ClassAd text cannot hold U+0000');
  }
  return text;
}

function nodeFrom(value: PlainValue, depth: number): Node {
  if (depth > maxSyntaxDepth) {
    throw new TypeError(`value nested more than ${maxSyntaxDepth} deep`);
  }
  if (typeof value !== 'object' || value === null) {
    return scalarFrom(value);
  }
  if (value instanceof Expression) {
    return value.node;
  }
  if (value instanceof ClassAd) {
    return { kind: 'ad', ad: value };
  }
  if (value instanceof Date) {
    return timeFrom(value);
  }
  if (isArray(value)) {
    return { kind: 'list', items: value.map((item) => nodeFrom(item, depth + 1)) };
  }
  return { kind: 'ad', ad: adFrom(value, depth) };
}

function isArray(value: object): value is readonly PlainValue[] {
  return Array.isArray(value);
}

function scalarFrom(value: undefined | null | boolean | number | bigint | string): Node {
  switch (typeof value) {
    case 'boolean':
      return { kind: 'literal', value: booleanValue(value) };
    case 'number': {
      const whole = Number.isSafeInteger(value) && !Object.is(value, -0);
      return { kind: 'literal', value: whole ? integerValue(value) : realValue(value) };
    }
    case 'bigint':
      return { kind: 'literal', value: integerValue(value) };
    case 'string':
      return { kind: 'literal', value: stringValue(textWithoutNul(value)) };
    case 'undefined':
    case 'object':
      return { kind: 'literal', value: undefinedValue };
    default:
      throw new TypeError(`a ${typeof value} is no ClassAd value`);
  }
}
