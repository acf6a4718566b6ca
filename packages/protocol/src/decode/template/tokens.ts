import { TemplateFault } from './template-fault.ts';

export interface TemplateToken {
  readonly kind: 'word' | 'number' | 'text' | 'symbol' | 'end';
  /** The token as written; of a quoted text, what stands between the quotes. */
  readonly text: string;
  readonly offset: number;
}

const TOKEN =
  /\s*(?:(?<word>[A-Za-z_]\w*)|(?<number>\d+(?:\.\d+)?)|"(?<text>(?:[^"\\]|\\.)*)"|'(?<single>(?:[^'\\]|\\.)*)'|(?<symbol>!=|>=|<=|@>|[=<>&|!()+*/-]))/suy;
/** OpenNebula ends expressions with a semicolon or with nothing. */
const END = /\s*(?:;\s*)?$/y;

/** Reads the tokens of an expression one after another. */
export class TemplateTokens {
  readonly #text: string;
  #next: TemplateToken;
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
    this.#next = this.#read();
  }

  get next(): TemplateToken {
    return this.#next;
  }

  /** Reads the next token and moves past it. */
  take(): TemplateToken {
    const token = this.#next;
    this.#next = this.#read();
    return token;
  }

  /** Reads the next token and moves past it if it is one of these symbols. */
  takeSymbol(...symbols: readonly string[]): string | undefined {
    const { kind, text } = this.#next;
    return kind === 'symbol' && symbols.includes(text) ? this.take().text : undefined;
  }

  /** Throws TemplateFault unless the next token is this symbol. */
  requireSymbol(symbol: string): void {
    if (this.takeSymbol(symbol) === undefined) throw this.unexpected(`"${symbol}"`);
  }

  /** Throws TemplateFault unless nothing is left. */
  requireEnd(): void {
    if (this.#next.kind !== 'end') throw this.unexpected('an operator or the end');
  }

  unexpected(wanted: string): TemplateFault {
    const { kind, text, offset } = this.#next;
    const found = kind === 'end' ? 'the end' : JSON.stringify(text.slice(0, 40));
    return new TemplateFault(`${found} stands where ${wanted} was expected`, offset);
  }

  #read(): TemplateToken {
    END.lastIndex = this.#offset;
    if (END.test(this.#text)) return { kind: 'end', text: '', offset: this.#text.length };
    TOKEN.lastIndex = this.#offset;
    const match = TOKEN.exec(this.#text);
    if (match === null) throw new TemplateFault('this is no part of an expression', this.#offset);
    const [kind, text] = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined) ?? [];
    const name = kind === 'single' ? 'text' : kind;
    const offset = this.#offset + match[0].length - match[0].trimStart().length;
    this.#offset = TOKEN.lastIndex;
    return { kind: name as TemplateToken['kind'], text: text ?? '', offset };
  }
}
