import { PatternError } from './pattern.ts';

/** A pattern being read from left to right. */
export class PatternSource {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  fail(problem: string): never {
    throw new PatternError(`${problem} at ${this.#at} in pattern`);
  }

  /** Takes what the sticky `expression` finds here. */
  match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#text) ?? undefined;
    if (found !== undefined) {
      this.#at = expression.lastIndex;
    }
    return found;
  }

  /** Returns what the sticky `expression` finds here, without taking it. */
  peekMatch(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    return expression.exec(this.#text)?.[0];
  }

  /** Returns the next UTF-16 unit, without taking it. */
  peek(): string | undefined {
    return this.#text[this.#at];
  }

  atEnd(): boolean {
    return this.#at >= this.#text.length;
  }
}
