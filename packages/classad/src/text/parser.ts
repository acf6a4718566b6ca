import type { BinaryOperator, Node, UnaryOperator } from '../ast.ts';
import { ClassAd } from '../class-ad.ts';
import { Expression } from '../expression.ts';
import { maxSyntaxDepth } from '../limits.ts';
import { levelOf } from '../operators/levels.ts';
import { type StringStyle, tokenize } from './lexer.ts';
import { calledLiteral, literalOf, negatedLiteral } from './literals.ts';
import { ClassAdSyntaxError } from './syntax-error.ts';
import { type Token, tokenText } from './token.ts';

const unaryOperators: ReadonlySet<string> = new Set(['+', '-', '!', '~']);

/** One expression. Throws ClassAdSyntaxError. */
export function parseExpression(text: string): Expression {
  return new Expression(new Parser(text, 'new').wholeExpression());
}

/** One expression in HTCondor's long ("old") form: backslashes in strings are literal except before a quote. */
export function parseOldExpression(text: string): Expression {
  return new Expression(new Parser(text, 'old').wholeExpression());
}

/** One ad in brackets, `[ a = 1; b = "x" ]`. Throws ClassAdSyntaxError. */
export function parseNewClassAd(text: string): ClassAd {
  return new Parser(text, 'new').wholeAd();
}

/** Ads in brackets, one after the other or as a list, `{ [ … ], [ … ] }`. Throws ClassAdSyntaxError. */
export function parseNewClassAds(text: string): ClassAd[] {
  return new Parser(text, 'new').wholeAds();
}

/** Recursive descent over HTCondor's grammar (src/classad/source.cpp gives it in comments). */
class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  /** Depth of each subtree. It keeps trees shallow enough for the recursion that evaluates and prints them. */
  readonly #depths = new WeakMap<Node, number>();
  #next = 0;
  #nesting = 0;

  constructor(text: string, strings: StringStyle) {
    this.#text = text;
    this.#tokens = tokenize(text, strings);
  }

  wholeExpression(): Node {
    const node = this.#expression();
    this.#expectEnd();
    return node;
  }

  wholeAd(): ClassAd {
    const { ad } = this.#ad();
    this.#expectEnd();
    return ad;
  }

  wholeAds(): ClassAd[] {
    const ads: ClassAd[] = [];
    const inBraces = this.#take('{');
    while (this.#symbol() === '[') {
      ads.push(this.#ad().ad);
      this.#take(',');
    }
    if (inBraces) {
      this.#expect('}');
    }
    this.#expectEnd();
    return ads;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', at: this.#text.length };
  }

  #fail(problem: string): never {
    throw new ClassAdSyntaxError(problem, this.#text, this.#peek().at);
  }

  #expectEnd(): void {
    if (this.#peek().kind !== 'end') {
      this.#fail(`expected end of text, got ${tokenText(this.#peek())}`);
    }
  }

  /** Returns the next symbol, or '' when the next token is no symbol. */
  #symbol(): string {
    const token = this.#peek();
    return token.kind === 'symbol' ? token.value : '';
  }

  #take(symbol: string): boolean {
    const found = this.#symbol() === symbol;
    if (found) {
      this.#next += 1;
    }
    return found;
  }

  #expect(symbol: string): void {
    if (!this.#take(symbol)) {
      this.#fail(`expected "${symbol}", got ${tokenText(this.#peek())}`);
    }
  }

  #grown<T extends Node>(node: T, parts: readonly Node[]): T {
    const depth = parts.reduce((deepest, part) => Math.max(deepest, this.#depthBelow(node, part)), 0) + 1;
    if (depth > maxSyntaxDepth) {
      this.#fail(`expression nested more than ${maxSyntaxDepth} deep`);
    }
    this.#depths.set(node, depth);
    return node;
  }

  /** The left operand of an operation belongs to the same chain and is no deeper (see leftChain). */
  #depthBelow(node: Node, part: Node): number {
    const depth = this.#depths.get(part) ?? 1;
    return node.kind === 'binary' && part === node.left && part.kind === 'binary' ? depth - 1 : depth;
  }

  #nested<T>(parse: () => T): T {
    this.#nesting += 1;
    if (this.#nesting > maxSyntaxDepth) {
      this.#fail(`expression nested more than ${maxSyntaxDepth} deep`);
    }
    const result = parse();
    this.#nesting -= 1;
    return result;
  }

  #expression(): Node {
    return this.#nested(() => {
      const test = this.#binary(0);
      if (!this.#take('?')) {
        return test;
      }
      const yes = this.#expression();
      this.#expect(':');
      const no = this.#expression();
      return this.#grown({ kind: 'conditional', test, yes, no }, [test, yes, no]);
    });
  }

  #binary(loosest: number): Node {
    let left = this.#unary();
    for (;;) {
      const operator = this.#symbol();
      const level = levelOf.get(operator);
      if (level === undefined || level < loosest) {
        return left;
      }
      this.#next += 1;
      const right = this.#nested(() => this.#binary(level + 1));
      left = this.#grown<Node>({ kind: 'binary', operator: operator as BinaryOperator, left, right }, [left, right]);
    }
  }

  #unary(): Node {
    const operator = this.#symbol();
    if (!unaryOperators.has(operator)) {
      return this.#postfix();
    }
    this.#next += 1;
    const operand = this.#nested(() => this.#unary());
    const folded = operator === '-' ? negatedLiteral(operand) : undefined;
    return folded ?? this.#grown({ kind: 'unary', operator: operator as UnaryOperator, operand }, [operand]);
  }

  #postfix(): Node {
    let node = this.#primary();
    for (;;) {
      if (this.#take('[')) {
        const index = this.#expression();
        this.#expect(']');
        node = this.#grown({ kind: 'subscript', of: node, index }, [node, index]);
      } else if (this.#take('.')) {
        node = this.#grown({ kind: 'reference', of: node, name: this.#name(), absolute: false }, [node]);
      } else if (this.#take('?:')) {
        const right = this.#nested(() => this.#postfix());
        node = this.#grown({ kind: 'binary', operator: '?:', left: node, right }, [node, right]);
      } else {
        return node;
      }
    }
  }

  #name(): string {
    const token = this.#peek();
    if (token.kind !== 'identifier') {
      return this.#fail(`expected an attribute name, got ${tokenText(token)}`);
    }
    this.#next += 1;
    return token.value;
  }

  #primary(): Node {
    const token = this.#peek();
    switch (token.kind) {
      case 'identifier':
        return this.#identifier();
      case 'symbol':
        return this.#bracketed();
      case 'end':
        return this.#fail('expected an expression, got end of text');
      default:
        this.#next += 1;
        return { kind: 'literal', value: literalOf(token) };
    }
  }

  #identifier(): Node {
    const name = this.#name();
    if (!this.#take('(')) {
      return { kind: 'reference', name, absolute: false };
    }
    const args = this.#sequence(')');
    return calledLiteral(name, args) ?? this.#grown({ kind: 'call', name, args }, args);
  }

  #bracketed(): Node {
    if (this.#symbol() === '[') {
      const { ad, parts } = this.#nested(() => this.#ad());
      return this.#grown({ kind: 'ad', ad }, parts);
    }
    if (this.#take('.')) {
      return { kind: 'reference', name: this.#name(), absolute: true };
    }
    if (this.#take('(')) {
      const inner = this.#expression();
      this.#expect(')');
      return this.#grown({ kind: 'group', inner }, [inner]);
    }
    if (this.#take('{')) {
      const items = this.#sequence('}');
      return this.#grown({ kind: 'list', items }, items);
    }
    return this.#fail(`expected an expression, got ${tokenText(this.#peek())}`);
  }

  /** Reads expressions separated by commas; one trailing comma is allowed. */
  #sequence(close: string): Node[] {
    const items: Node[] = [];
    while (!this.#take(close)) {
      items.push(this.#expression());
      if (!this.#take(',') && this.#symbol() !== close) {
        this.#fail(`expected "," or "${close}", got ${tokenText(this.#peek())}`);
      }
    }
    return items;
  }

  /** Any number of semicolons may stand between attributes, before the first and after the last. */
  #ad(): { ad: ClassAd; parts: Node[] } {
    this.#expect('[');
    const entries: [string, Expression][] = [];
    while (this.#take(';')) {
      // empty attribute
    }
    while (!this.#take(']')) {
      const name = this.#name();
      this.#expect('=');
      entries.push([name, new Expression(this.#expression())]);
      if (this.#symbol() !== ';' && this.#symbol() !== ']') {
        this.#fail(`expected ";" or "]", got ${tokenText(this.#peek())}`);
      }
      while (this.#take(';')) {
        // empty attribute
      }
    }
    return { ad: ClassAd.fromEntries(entries), parts: entries.map(([, expression]) => expression.node) };
  }
}
