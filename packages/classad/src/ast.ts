/**
 * The types of expressions, ads, values and scopes. They refer to each other, so they stand in one file without code.
 */

export type UnaryOperator = '+' | '-' | '!' | '~';
export type BinaryOperator =
  | '?:'
  | '||'
  | '&&'
  | '|'
  | '^'
  | '&'
  | '=='
  | '!='
  | '=?='
  | '=!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '<<'
  | '>>'
  | '>>>'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%';

/** The syntax tree. Parentheses are kept (`group`) so that text round-trips and no printer needs precedences. */
export type Node =
  | { readonly kind: 'literal'; readonly value: LiteralValue }
  | { readonly kind: 'reference'; readonly of?: Node; readonly name: string; readonly absolute: boolean }
  | { readonly kind: 'group'; readonly inner: Node }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Node }
  | { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Node; readonly right: Node }
  | { readonly kind: 'conditional'; readonly test: Node; readonly yes: Node; readonly no: Node }
  | { readonly kind: 'subscript'; readonly of: Node; readonly index: Node }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[] }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'ad'; readonly ad: Ad };

/** An attribute's expression: the interface that `Expression` implements. */
export interface AttributeExpression {
  readonly node: Node;
  /** HTCondor's new-ClassAd text. */
  toString(): string;
}

/**
 * A record of named expressions, as the evaluation reads it: the interface that `ClassAd` implements. Names are
 * case-insensitive.
 */
export interface Ad {
  readonly size: number;
  has(name: string): boolean;
  get(name: string): AttributeExpression | undefined;
  names(): string[];
  entries(): [string, AttributeExpression][];
  /** HTCondor's new-ClassAd text on one line. */
  toString(): string;
}

export type UndefinedValue = { readonly kind: 'undefined' };
/** `reason` explains the error to people ("division by zero"); in the language there is only one error value. */
export type ErrorValue = { readonly kind: 'error'; readonly reason?: string };
export type BooleanValue = { readonly kind: 'boolean'; readonly value: boolean };
/** HTCondor's integers are 64-bit signed; arithmetic wraps as two's complement. */
export type IntegerValue = { readonly kind: 'integer'; readonly value: bigint };
export type RealValue = { readonly kind: 'real'; readonly value: number };
export type StringValue = { readonly kind: 'string'; readonly value: string };
/** Seconds since 1970-01-01T00:00:00Z, with the offset east of Greenwich in which it is written. */
export type AbsoluteTimeValue = {
  readonly kind: 'absoluteTime';
  readonly seconds: number;
  readonly offsetSeconds: number;
};
export type RelativeTimeValue = { readonly kind: 'relativeTime'; readonly seconds: number };
/** The items are evaluated together with the list. */
export type ListValue = { readonly kind: 'list'; readonly items: readonly Value[] };
/** Attributes stay expressions until they are read; `scope` is where they find the ads that enclose them. */
export type ClassAdValue = { readonly kind: 'classad'; readonly ad: Ad; readonly scope?: Scope };

export type Value =
  | UndefinedValue
  | ErrorValue
  | BooleanValue
  | IntegerValue
  | RealValue
  | StringValue
  | AbsoluteTimeValue
  | RelativeTimeValue
  | ListValue
  | ClassAdValue;

/** A value that can stand as a literal in source text. */
export type LiteralValue = Exclude<Value, ListValue | ClassAdValue>;

/**
 * The place where an ad's names are looked up: the ad, the ads that enclose it, and the surroundings of the outermost.
 */
export interface Scope {
  readonly ad: Ad;
  readonly parent?: Scope;
  readonly surroundings: Surroundings;
  /**
   * Whether names without prefix are looked up in TARGET too. They are not in nested ads
   * (AttributeReference::FindExpr).
   */
  readonly seesTarget: boolean;
}

/** The names that an outermost ad sees besides its own: the ad it is matched with, and scopes that the caller named. */
export interface Surroundings {
  target?: Scope;
  readonly named: Map<string, Scope>;
}
