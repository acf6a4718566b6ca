/** Runs parsed scripts against a guest. Text is bytes, one to a character. */
import { GridError } from '@vmgrid/protocol';
import type { Command } from './command.ts';
import type { Loop, Pipeline, Redirection, Script, Simple, Word } from './syntax.ts';

/** Most commands of one run: loops can need many, and the plant runs other guests too. */
export const MAX_COMMANDS = 10_000;
/** Most bytes that one command may print. */
export const MAX_OUTPUT_BYTES = 4 * 1_048_576;

/** The surroundings of a shell. */
export interface ShellWorld {
  read(path: string): string | undefined;
  write(path: string, content: string): void;
  command(name: string): Command | undefined;
}

export interface ShellOptions {
  readonly variables: Readonly<Record<string, string>>;
  /** Whether `set -e` is in force. */
  readonly exitOnError: boolean;
  readonly emit: (text: string) => void;
  readonly signal: AbortSignal;
}

/** The input and output of a command. */
interface Streams {
  readonly input: string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

export class Shell {
  readonly #world: ShellWorld;
  readonly #options: ShellOptions;
  readonly #variables: Map<string, string>;
  #status = 0;
  #exited = false;
  #exitOnError: boolean;
  #left = MAX_COMMANDS;

  constructor(world: ShellWorld, options: ShellOptions) {
    this.#world = world;
    this.#options = options;
    this.#variables = new Map(Object.entries(options.variables));
    this.#exitOnError = options.exitOnError;
  }

  /** The variables after the scripts so far. */
  get variables(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#variables);
  }

  /** Resolves with the exit status. @throws the signal's reason */
  async run(script: Script): Promise<number> {
    const { emit } = this.#options;
    await this.#steps(script, { input: '', out: emit, err: emit });
    return this.#status;
  }

  async #steps(script: Script, streams: Streams): Promise<void> {
    for (const [index, { pipeline, after }] of script.entries()) {
      if (this.#exited) return;
      if (after === 'success' && this.#status !== 0) continue;
      if (after === 'failure' && this.#status === 0) continue;
      await this.#pipeline(pipeline, streams);
      const decides = script[index + 1]?.after ?? 'any';
      if (this.#exitOnError && this.#status !== 0 && decides === 'any') this.#exited = true;
    }
  }

  async #pipeline(pipeline: Pipeline, streams: Streams): Promise<void> {
    let input = streams.input;
    for (const [index, command] of pipeline.entries()) {
      const printed: string[] = [];
      const out = index === pipeline.length - 1 ? streams.out : collectInto(printed);
      const own = { ...streams, input, out };
      await (command.kind === 'for' ? this.#loop(command, own) : this.#simple(command, own));
      input = printed.join('');
    }
  }

  async #loop({ variable, words, body }: Loop, streams: Streams): Promise<void> {
    for (const value of await this.#expandAll(words)) {
      if (this.#exited) return;
      this.#variables.set(variable, value);
      await this.#steps(body, streams);
    }
  }

  async #simple({ assignments, words, redirections }: Simple, streams: Streams): Promise<void> {
    this.#options.signal.throwIfAborted();
    this.#left -= 1;
    if (this.#left < 0) throw new GridError('VMM_FAILED', `a simulated guest runs at most ${MAX_COMMANDS} commands`);
    for (const { name, value } of assignments) this.#variables.set(name, (await this.#expand(value)).join(' '));
    const [name, ...args] = await this.#expandAll(words);
    const redirected = await this.#redirect(redirections, streams);
    if ('failure' in redirected) {
      streams.err(redirected.failure);
      this.#status = 1;
      return;
    }
    if (name !== undefined) await this.#call(name, args, redirected.streams);
    else if (words.length === 0 && assignments.length > 0) this.#status = 0;
    redirected.close();
  }

  async #call(name: string, args: readonly string[], streams: Streams): Promise<void> {
    if (name === 'exit') {
      this.#exited = true;
      if (args[0] !== undefined) this.#status = Number(args[0]) & 255;
    } else if (name === 'set') {
      if (args[0]?.startsWith('-') && args[0].includes('e')) this.#exitOnError = true;
    } else if (name === 'export') {
      for (const one of args) this.#assign(one);
    } else {
      // A program that does not exist in a simulated guest counts as successful.
      const command = this.#world.command(name);
      this.#status = command ? await command({ args, ...streams, signal: this.#options.signal }) : 0;
    }
  }

  #assign(text: string): void {
    const at = text.indexOf('=');
    if (at > 0) this.#variables.set(text.slice(0, at), text.slice(at + 1));
  }

  /**
   * Returns the streams with the redirections applied, in their order. Output to files is written when they are closed.
   */
  async #redirect(redirections: readonly Redirection[], streams: Streams) {
    let [{ input, out, err }, closers] = [streams, [] as (() => void)[]];
    for (const { stream, how, target } of redirections) {
      const path = (await this.#expand(target)).join(' ');
      if (how === 'from') {
        const content = this.#world.read(path);
        if (content === undefined) return { failure: `sh: cannot open ${path}: No such file\n` };
        input = content;
      } else if (how === 'to-out') {
        err = out;
      } else {
        const file = this.#openFile(path, how);
        closers.push(file.close);
        if (stream === 'err') err = file.print;
        else out = file.print;
      }
    }
    return { streams: { input, out, err }, close: () => closers.forEach((close) => void close()) };
  }

  #openFile(path: string, how: 'to' | 'append') {
    const printed = how === 'append' ? [this.#world.read(path) ?? ''] : [];
    return { print: collectInto(printed), close: () => this.#world.write(path, printed.join('')) };
  }

  async #expandAll(words: readonly Word[]): Promise<string[]> {
    const fields: string[] = [];
    for (const word of words) fields.push(...(await this.#expand(word)));
    return fields;
  }

  /** Returns the fields that a word expands to: one, unless an unquoted part splits or disappears. */
  async #expand(word: Word): Promise<string[]> {
    const fields: string[] = [];
    let open: string | undefined;
    for (const part of word) {
      if (part.kind === 'text' || part.quoted) {
        open = (open ?? '') + (await this.#valueOf(part));
        continue;
      }
      const [first, ...rest] = (await this.#valueOf(part)).split(/[ \t\n]+/).filter((field) => field !== '');
      if (first === undefined) continue;
      open = (open ?? '') + first;
      for (const field of rest) {
        fields.push(open);
        open = field;
      }
    }
    return open === undefined ? fields : [...fields, open];
  }

  async #valueOf(part: Word[number]): Promise<string> {
    switch (part.kind) {
      case 'text':
        return part.text;
      case 'variable':
        return part.name === '?' ? String(this.#status) : (this.#variables.get(part.name) ?? '');
      case 'output': {
        const printed: string[] = [];
        await this.#steps(part.script, { input: '', out: collectInto(printed), err: this.#options.emit });
        return printed.join('').replace(/\n+$/, '');
      }
    }
  }
}

/** Returns a stream that collects into an array, up to a limit; text beyond it is lost. */
function collectInto(printed: string[]): (text: string) => void {
  let left = MAX_OUTPUT_BYTES;
  return (text) => {
    printed.push(text.slice(0, left));
    left = Math.max(0, left - text.length);
  };
}
