import type { LiteralValue, Node } from '../ast.ts';
import { ClassAd } from '../class-ad.ts';
import { Expression } from '../expression.ts';
import { maxSyntaxDepth } from '../limits.ts';
import { parseExpression } from '../text/parser.ts';
import { ClassAdSyntaxError } from '../text/syntax-error.ts';
import { falseValue, integerValue, realValue, stringValue, trueValue, undefinedValue } from '../value.ts';

/**
 * Reads an ad from HTCondor's JSON: an object, alone or as the only item of an array. `JSON.parse` would lose two
 * things: whether a slash was written `\/`, which marks expressions, and digits past 2^53. Throws ClassAdSyntaxError.
 */
export function fromJson(text: string): ClassAd {
  const [ad, another] = fromJsonDocument(text);
  if (ad === undefined || another !== undefined) {
    throw new ClassAdSyntaxError('expected exactly one ad', text, 0);
  }
  return ad;
}

/**
 * Reads every ad that `condor_status -json` prints: an array of objects, or objects one after the other (`-jsonl`).
 * Throws ClassAdSyntaxError.
 */
export function fromJsonDocument(text: string): ClassAd[] {
  return new JsonReader(text).document();
}

const words: readonly (readonly [string, LiteralValue])[] = [
  ['null', undefinedValue],
  ['true', trueValue],
  ['false', falseValue],
];
const largest = 2n ** 63n;
const quotedExpression = /^\\\/Expr\(([\s\S]*)\)\\\/$/i;

class JsonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): ClassAd[] {
    const ads: ClassAd[] = [];
    this.#match(/\uFEFF?[ \t\r\n]*/y);
    if (this.#text[this.#at] === '[') {
      this.#items('[', ']', () => ads.push(this.#ad()));
    } else {
      do {
        ads.push(this.#ad());
      } while (this.#text[this.#at] === '{');
    }
    if (this.#at < this.#text.length) {
      this.#fail('expected end of text');
    }
    return ads;
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

  /** Takes `token` and the blanks after it. */
  #take(token: string): boolean {
    const found = this.#text.startsWith(token, this.#at);
    if (found) {
      this.#at += token.length;
      this.#match(/[ \t\r\n]*/y);
    }
    return found;
  }

  #expect(token: string): void {
    if (!this.#take(token)) {
      this.#fail(`expected "${token}"`);
    }
  }

  #ad(): ClassAd {
    const entries: [string, Expression][] = [];
    this.#items('{', '}', () => {
      const name = this.#unescaped(this.#rawString());
      this.#expect(':');
      entries.push([name, new Expression(this.#value())]);
    });
    return ClassAd.fromEntries(entries);
  }

  #items(open: string, close: string, item: () => void): void {
    this.#expect(open);
    this.#depth += 1;
    if (this.#depth > maxSyntaxDepth) {
      this.#fail(`nested more than ${maxSyntaxDepth} deep`);
    }
    if (!this.#take(close)) {
      do {
        item();
      } while (this.#take(','));
      this.#expect(close);
    }
    this.#depth -= 1;
  }

  #value(): Node {
    const next = this.#text[this.#at];
    if (next === '{') {
      return { kind: 'ad', ad: this.#ad() };
    }
    if (next === '[') {
      const items: Node[] = [];
      this.#items('[', ']', () => items.push(this.#value()));
      return { kind: 'list', items };
    }
    return next === '"' ? this.#stringOrExpression() : { kind: 'literal', value: this.#wordOrNumber() };
  }

  #wordOrNumber(): LiteralValue {
    const word = words.find(([spelling]) => this.#take(spelling));
    return word?.[1] ?? this.#number();
  }

  #number(): LiteralValue {
    const start = this.#at;
    const number = this.#match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    if (number === undefined) {
      return this.#fail('expected a JSON value');
    }
    this.#match(/[ \t\r\n]*/y);
    if (/[.eE]/.test(number)) {
      return realValue(Number(number));
    }
    const integer = number.length > 20 ? largest : BigInt(number);
    return integer < largest && integer >= -largest
      ? integerValue(integer)
      : this.#fail('integer does not fit 64 bits', start);
  }

  #rawString(): string {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON strings cannot hold them unescaped
    const raw = this.#match(/"[^"\\\u0000-\u001f]*(?:\\[^\u0000-\u001f][^"\\\u0000-\u001f]*)*"/y);
    if (raw === undefined) {
      return this.#fail('expected a string');
    }
    this.#match(/[ \t\r\n]*/y);
    return raw.slice(1, -1);
  }

  #unescaped(raw: string): string {
    let text: string;
    try {
      text = JSON.parse(`"${raw}"`);
    } catch {
      return this.#fail('malformed escape in string');
    }
    return text.includes('\0') ? this.#fail('string holds U+0000') : text;
  }

  #stringOrExpression(): Node {
    const start = this.#at;
    const raw = this.#rawString();
    const expression = quotedExpression.exec(raw)?.[1];
    if (expression === undefined) {
      return { kind: 'literal', value: stringValue(this.#unescaped(raw)) };
    }
    try {
      return parseExpression(this.#unescaped(expression)).node;
    } catch (cause) {
      const reason = cause instanceof ClassAdSyntaxError ? cause.message : String(cause);
      return this.#fail(`malformed expression: ${reason}`, start);
    }
  }
}
