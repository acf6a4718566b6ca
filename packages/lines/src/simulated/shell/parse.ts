/**
 * Parses the part of the shell's language that a simulated guest understands: simple commands with quotes, variables
 * and `$(…)`, redirections, pipes, `;`, `&&`, `||` and `for`. It never fails: anything unknown becomes an unknown
 * command.
 */
import type { Loop, Part, Pipeline, Redirection, Script, Simple, Step, Word } from './syntax.ts';

const WORD_END = /[\s;|&<>()]/;
const NAME = /[A-Za-z_][A-Za-z0-9_]*|[?#@0-9]/y;
const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=/;
/** A `$(` that is nested deeper than this is text. */
const MAX_DEPTH = 16;

export const parseScript = (text: string): Script => new Parser(text).script();

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Parses steps until one of the words (which is consumed), a closing parenthesis (which is not), or the end. */
  script(...until: readonly string[]): Script {
    const steps: Step[] = [];
    let after: Step['after'] = 'any';
    for (;;) {
      this.#skipBlank(/[\s;]/);
      if (this.#atEnd() || until.some((word) => this.#take(word))) return steps;
      const before = this.#at;
      const pipeline = this.#pipeline();
      if (pipeline.length > 0) steps.push({ pipeline, after });
      after = this.#connector();
      if (this.#at === before) this.#at += 1; // a character that begins nothing
    }
  }

  #pipeline(): Pipeline {
    const commands: (Simple | Loop)[] = [];
    do {
      const command = this.#loop() ?? this.#simple();
      if (command) commands.push(command);
      this.#skipBlank(/[ \t]/);
    } while (this.#peek() === '|' && this.#peek(1) !== '|' && this.#advance(1));
    return commands;
  }

  #connector(): Step['after'] {
    if (this.#text.startsWith('&&', this.#at)) return this.#advance(2) && 'success';
    if (this.#text.startsWith('||', this.#at)) return this.#advance(2) && 'failure';
    if (this.#peek() === '&') this.#advance(1); // nothing runs beside anything here
    return 'any';
  }

  #loop(): Loop | undefined {
    this.#skipBlank(/\s/);
    if (!this.#take('for')) return undefined;
    const [head, inWord, ...words] = this.#simple()?.words ?? [];
    const variable = literal(head);
    if (variable === undefined || literal(inWord) !== 'in') return undefined;
    this.#skipBlank(/[\s;]/);
    if (!this.#take('do')) return undefined;
    return { kind: 'for', variable, words, body: this.script('done') };
  }

  #simple(): Simple | undefined {
    const assignments: { name: string; value: Word }[] = [];
    const words: Word[] = [];
    const redirections: Redirection[] = [];
    for (;;) {
      this.#skipBlank(/[ \t]/);
      const redirection = this.#redirection();
      if (redirection) {
        redirections.push(redirection);
        continue;
      }
      const word = this.#word();
      if (!word) break;
      const assignment = words.length === 0 ? assignmentOf(word) : undefined;
      if (assignment) assignments.push(assignment);
      else words.push(word);
    }
    if (assignments.length + words.length + redirections.length === 0) return undefined;
    return { kind: 'simple', assignments, words, redirections };
  }

  #redirection(): Redirection | undefined {
    const match = /([012]?)(>>|>&1|>|<)[ \t]*/y;
    match.lastIndex = this.#at;
    const found = match.exec(this.#text);
    if (!found) return undefined;
    this.#at = match.lastIndex;
    const [, descriptor, operator] = found;
    const stream = descriptor === '2' ? 'err' : 'out';
    if (operator === '>&1') return { stream, how: 'to-out', target: [] };
    const target = this.#word() ?? [];
    if (operator === '<') return { stream: 'in', how: 'from', target };
    return { stream, how: operator === '>>' ? 'append' : 'to', target };
  }

  #word(): Word | undefined {
    const parts: Part[] = [];
    const start = this.#at;
    while (this.#at < this.#text.length && !WORD_END.test(this.#peek())) this.#piece(parts);
    return this.#at === start ? undefined : parts;
  }

  #piece(parts: Part[]): void {
    const character = this.#peek();
    this.#advance(1);
    if (character === "'") parts.push(text(this.#upTo("'")));
    else if (character === '"') this.#quoted(parts);
    else if (character === '$') parts.push(this.#dollar(false));
    else if (character === '\\') parts.push(text(this.#escaped(/./s)));
    else parts.push(text(character));
  }

  #quoted(parts: Part[]): void {
    parts.push(text(''));
    while (this.#at < this.#text.length && this.#peek() !== '"') {
      const character = this.#peek();
      this.#advance(1);
      if (character === '$') parts.push(this.#dollar(true));
      else if (character === '\\') parts.push(text(this.#escaped(/["\\$`\n]/)));
      else parts.push(text(character));
    }
    this.#advance(1);
  }

  /** Parses the text after a backslash, which has a meaning only before these characters. */
  #escaped(special: RegExp): string {
    const character = this.#peek();
    if (!special.test(character)) return '\\';
    this.#advance(1);
    return character === '\n' ? '' : character;
  }

  #dollar(quoted: boolean): Part {
    if (this.#peek() === '(' && this.#depth < MAX_DEPTH) {
      this.#advance(1);
      this.#depth += 1;
      const script = this.script();
      this.#depth -= 1;
      this.#advance(1);
      return { kind: 'output', script, quoted };
    }
    const braced = this.#peek() === '{' && this.#advance(1);
    NAME.lastIndex = this.#at;
    const name = NAME.exec(this.#text)?.[0];
    if (name === undefined) return text(braced ? '${' : '$');
    this.#advance(name.length);
    if (braced) this.#upTo('}');
    return { kind: 'variable', name, quoted };
  }

  #upTo(end: string): string {
    const found = this.#text.indexOf(end, this.#at);
    const to = found < 0 ? this.#text.length : found;
    const taken = this.#text.slice(this.#at, to);
    this.#at = to + 1;
    return taken;
  }

  #skipBlank(blank: RegExp): void {
    for (;;) {
      while (!this.#isOver() && blank.test(this.#peek())) this.#advance(1);
      if (this.#peek() !== '#') return;
      while (!this.#isOver() && this.#peek() !== '\n') this.#advance(1);
    }
  }

  /** Takes a whole word if it comes next. */
  #take(word: string): boolean {
    const next = this.#text[this.#at + word.length];
    if (!this.#text.startsWith(word, this.#at) || (next !== undefined && !WORD_END.test(next))) return false;
    return this.#advance(word.length);
  }

  #advance(count: number): true {
    this.#at += count;
    return true;
  }

  #peek(ahead = 0): string {
    return this.#text[this.#at + ahead] ?? '';
  }

  #isOver(): boolean {
    return this.#at >= this.#text.length;
  }

  #atEnd(): boolean {
    return this.#isOver() || (this.#peek() === ')' && this.#depth > 0);
  }
}

const text = (characters: string): Part => ({ kind: 'text', text: characters });

function literal(word: Word | undefined): string | undefined {
  const parts = word?.map((part) => (part.kind === 'text' ? part.text : undefined));
  return parts?.includes(undefined) ? undefined : parts?.join('');
}

function assignmentOf(word: Word): { name: string; value: Word } | undefined {
  const firstOther = word.findIndex(({ kind }) => kind !== 'text');
  const head = literal(firstOther < 0 ? word : word.slice(0, firstOther)) ?? '';
  const name = ASSIGNMENT.exec(head)?.[1];
  if (name === undefined) return undefined;
  const rest = firstOther < 0 ? [] : word.slice(firstOther);
  return { name, value: [text(head.slice(name.length + 1)), ...rest] };
}
