/** The shapes of expressions, ads, values and scopes. They name each other, so they stand in one file without code. */

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

/** What an attribute is bound to: an `Expression`. */
export interface AttributeExpression {
  readonly node: Node;
  /** HTCondor's new-ClassAd text. */
  toString(): string;
}

/** A record of named expressions, as reading it needs it: a `ClassAd`. Names are case-insensitive. */
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
/** `reason` is for people ("division by zero"); the language itself sees one single error value. */
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
/** Items are evaluated when the list is. */
export type ListValue = { readonly kind: 'list'; readonly items: readonly Value[] };
/** Attributes stay expressions until looked at; `scope` is where they see their enclosing ads. */
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

/** An ad as a place where names are looked up: it, the ads that enclose it, and what stands around the outermost. */
export interface Scope {
  readonly ad: Ad;
  readonly parent?: Scope;
  readonly surroundings: Surroundings;
  /** Names without prefix are looked up in TARGET too. Not so in nested ads (AttributeReference::FindExpr). */
  readonly seesTarget: boolean;
}

/** What an outermost ad sees besides itself: the ad it is matched with, and scopes the caller named. */
export interface Surroundings {
  target?: Scope;
  readonly named: Map<string, Scope>;
}
