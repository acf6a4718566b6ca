import { foldCase } from '../ascii-case.ts';
import { readNumber } from './number-literal.ts';
import { unescapeString } from './string-text.ts';
import { ClassAdSyntaxError } from './syntax-error.ts';
import type { Keyword, Token } from './token.ts';

/** Longest first: the first that fits is the token. */
const symbols = [
  ...['>>>', '=?=', '=!='],
  ...['||', '&&', '==', '!=', '<=', '>=', '<<', '>>'],
  ...['.', '*', '/', '%', '+', '-', '~', '^', '?', ':', ';', ',', '[', ']', '(', ')', '{', '}', '&', '|', '<', '>'],
  ...['=', '!'],
];
const keywords: ReadonlySet<string> = new Set(['true', 'false', 'undefined', 'error']);
const operandEnds: ReadonlySet<string> = new Set(['.', ']', ')', '}']);

/** `old`: HTCondor's long form, where a backslash has a meaning only before a quote. */
export type StringStyle = 'new' | 'old';

/** Splits source text into tokens; throws ClassAdSyntaxError. */
export function tokenize(text: string, strings: StringStyle = 'new'): Token[] {
  return new Lexer(text, strings).tokens();
}

class Lexer {
  readonly #text: string;
  readonly #strings: StringStyle;
  readonly #tokens: Token[] = [];
  #at = 0;

  constructor(text: string, strings: StringStyle) {
    this.#text = text;
    this.#strings = strings;
  }

  tokens(): Token[] {
    for (;;) {
      this.#skipBlanks();
      if (this.#at >= this.#text.length) {
        this.#tokens.push({ kind: 'end', at: this.#at });
        return this.#tokens;
      }
      this.#tokens.push(this.#next());
    }
  }

  #fail(problem: string, at = this.#at): never {
    throw new ClassAdSyntaxError(problem, this.#text, at);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) {
      return undefined;
    }
    this.#at = pattern.lastIndex;
    return found[0];
  }

  #skipBlanks(): void {
    while (this.#match(/[ \t-\r]+|\/\/[^\n]*/y) !== undefined || this.#skipComment()) {
      // both patterns always move forward
    }
  }

  #skipComment(): boolean {
    if (!this.#text.startsWith('/*', this.#at)) {
      return false;
    }
    const end = this.#text.indexOf('*/', this.#at + 2);
    if (end < 0) {
      this.#fail('comment without end');
    }
    this.#at = end + 2;
    return true;
  }

  #next(): Token {
    const at = this.#at;
    const word = this.#match(/[A-Za-z_][A-Za-z0-9_]*/y);
    if (word !== undefined) {
      return wordToken(word, at);
    }
    if (this.#startsNumber()) {
      return this.#number();
    }
    const quote = this.#text[at];
    if (quote === '"') {
      return { kind: 'string', value: this.#quoted(quote), at };
    }
    if (quote === "'") {
      return { kind: 'identifier', value: this.#quoted(quote), at };
    }
    return this.#symbol();
  }

  /** A minus belongs to the number unless an operand stands before it: `a -1` subtracts, `-1` is a literal. */
  #startsNumber(): boolean {
    const pattern = this.#afterOperand() ? /\.?\d/y : /-?\.?\d/y;
    pattern.lastIndex = this.#at;
    return pattern.test(this.#text);
  }

  #afterOperand(): boolean {
    const last = this.#tokens.at(-1);
    if (last === undefined) {
      return false;
    }
    return last.kind === 'symbol' ? operandEnds.has(last.value) : true;
  }

  #number(): Token {
    const number = readNumber(this.#text, this.#at);
    if (typeof number === 'string') {
      return this.#fail(number);
    }
    this.#at = number.end;
    return number.token;
  }

  #symbol(): Token {
    const at = this.#at;
    // HTCondor reads `? :` as `?:`: a conditional must have its middle part.
    if (this.#match(/\?[ \t-\r]*:/y) !== undefined) {
      return { kind: 'symbol', value: '?:', at };
    }
    const symbol = symbols.find((candidate) => this.#text.startsWith(candidate, at));
    if (symbol === undefined) {
      return this.#fail(
        `unexpected character ${JSON.stringify(String.fromCodePoint(this.#text.codePointAt(at) ?? 0))}`,
      );
    }
    this.#at += symbol.length;
    return { kind: 'symbol', value: symbol, at };
  }

  #quoted(quote: '"' | "'"): string {
    return this.#strings === 'old' ? this.#oldString(quote) : this.#newString(quote);
  }

  /** Adjacent strings are one string, as in C. */
  #newString(quote: '"' | "'"): string {
    const start = this.#at;
    const piece = quote === '"' ? /"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y : /'[^'\\]*(?:\\[\s\S][^'\\]*)*'/y;
    let raw = '';
    let end = start;
    for (let found = this.#match(piece); found !== undefined; found = this.#match(piece)) {
      raw += found.slice(1, -1);
      end = this.#at;
      this.#match(/[ \t-\r]+/y);
    }
    if (end === start) {
      this.#fail('string without end');
    }
    const value = unescapeString(raw);
    if (value.includes('\0')) {
      return this.#fail('string holds a zero byte', start);
    }
    this.#at = end;
    return value;
  }

  #oldString(quote: '"' | "'"): string {
    const start = this.#at;
    let value = '';
    for (let at = start + 1; at < this.#text.length; at += 1) {
      const character = this.#text[at] ?? '';
      if (character === '\\' && this.#text[at + 1] === quote && at + 2 < this.#text.length) {
        value += quote;
        at += 1;
      } else if (character === quote) {
        this.#at = at + 1;
        return value;
      } else {
        value += character;
      }
    }
    return this.#fail('string without end', start);
  }
}

function wordToken(word: string, at: number): Token {
  const folded = foldCase(word);
  if (folded === 'is' || folded === 'isnt') {
    return { kind: 'symbol', value: folded === 'is' ? '=?=' : '=!=', at };
  }
  if (keywords.has(folded)) {
    return { kind: 'keyword', value: folded as Keyword, at };
  }
  return { kind: 'identifier', value: word, at };
}
