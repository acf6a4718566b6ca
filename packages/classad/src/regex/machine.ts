import { wordRanges } from './character-classes.ts';
import type { Assertion } from './pattern.ts';
import { type Program, slotCount } from './program.ts';

/** Offsets into the text's characters: `[2k]` to `[2k + 1]` is group k, -1 where it took no part. */
export type Slots = readonly number[];

export interface SearchOptions {
  readonly from: number;
  /** Accept only a match that begins at `from` and is not empty: the search continues so after an empty match. */
  readonly anchoredNotEmpty?: boolean;
  /** Only whether there is a match matters, not where its groups lie. */
  readonly withoutGroups?: boolean;
  /** Called with the number of steps made; throws to stop the search. */
  readonly spend: (steps: number) => void;
}

/** Steps per unit of the budget: a step here is far cheaper than evaluating a node. */
const stepsPerUnit = 8;
/** Steps between two payments. */
const stepsUnpaid = 4096;

const unset: Slots = new Array<number>(slotCount).fill(-1);

/**
 * Pike's machine. All ways to match advance together, one character at a time, each instruction at most once for a
 * character. So the time is at most pattern length times text length, whatever the pattern. It finds the leftmost
 * match, and among those the one that Perl prefers.
 */
export function search(program: Program, text: readonly number[], options: SearchOptions): Slots | undefined {
  return new Search(program, text, options).run();
}

/** Instructions that wait for a character, in order of preference, with the groups found on the way to each. */
class Threads {
  /** The arrays have this many valid entries: shrinking an array costs more than ignoring its rest. */
  count = 0;
  readonly at: number[] = [];
  readonly slots: Slots[] = [];

  push(at: number, slots: Slots): void {
    this.at[this.count] = at;
    this.slots[this.count] = slots;
    this.count += 1;
  }
}

class Search {
  readonly #program: Program;
  readonly #text: readonly number[];
  readonly #options: SearchOptions;
  /** For each instruction, the position (plus 1) at which a thread last reached it. */
  readonly #reached: Int32Array;
  readonly #pending = new Threads();
  #threads = new Threads();
  #next = new Threads();
  #steps = 0;
  #found: Slots | undefined;

  constructor(program: Program, text: readonly number[], options: SearchOptions) {
    this.#program = program;
    this.#text = text;
    this.#options = options;
    this.#reached = new Int32Array(program.instructions.length);
  }

  run(): Slots | undefined {
    const onlyHere = this.#options.anchoredNotEmpty === true || this.#program.atTextStart;
    for (let position = this.#options.from; position <= this.#text.length; position += 1) {
      const idle = this.#threads.count === 0;
      if (idle && this.#found === undefined && !onlyHere) {
        position = this.#nextStart(position);
      }
      if (this.#found === undefined && (position === this.#options.from || !onlyHere)) {
        this.#pending.push(0, unset);
        this.#followPending(this.#threads, position);
      } else if (idle) {
        break;
      }
      this.#advance(position);
      this.#pay(stepsUnpaid);
    }
    this.#pay(0);
    return this.#found;
  }

  #pay(unpaid: number): void {
    this.#steps += 1;
    if (this.#steps > unpaid) {
      this.#options.spend(this.#steps / stepsPerUnit);
      this.#steps = 0;
    }
  }

  /**
   * Returns the next position from here on where a match can begin, judging by its first character; past the end when
   * there is none.
   */
  #nextStart(position: number): number {
    const { starts } = this.#program;
    let at = position;
    while (starts !== undefined && at < this.#text.length && !starts.has(this.#text[at] ?? 0)) {
      at += 1;
    }
    this.#steps += (at - position) / stepsPerUnit;
    return at;
  }

  /** Advances the threads in order of preference. Once one accepts, those after it are dropped. */
  #advance(position: number): void {
    const [threads, next] = [this.#threads, this.#next];
    const code = this.#text[position];
    for (let index = 0; index < threads.count; index += 1) {
      this.#steps += 1;
      const at = threads.at[index] ?? 0;
      const instruction = this.#program.instructions[at];
      const slots = threads.slots[index] ?? unset;
      if (instruction?.op === 'accept') {
        if (!(this.#options.anchoredNotEmpty && position === this.#options.from)) {
          this.#found = slots;
          break;
        }
      } else if (instruction?.op === 'set' && code !== undefined && instruction.characters.has(code)) {
        this.#pending.push(at + 1, slots);
        this.#followPending(next, position + 1);
      }
    }
    threads.count = 0;
    this.#threads = next;
    this.#next = threads;
  }

  /** Follows the pending threads through everything that takes no character, preferred ways first. */
  #followPending(threads: Threads, position: number): void {
    const pending = this.#pending;
    while (pending.count > 0) {
      pending.count -= 1;
      const at = pending.at[pending.count] ?? 0;
      if (this.#reached[at] !== position + 1) {
        this.#reached[at] = position + 1;
        this.#steps += 1;
        this.#follow(threads, position, at);
      }
    }
  }

  /** Executes one instruction of the thread that was last taken from the pending ones. */
  #follow(threads: Threads, position: number, at: number): void {
    const pending = this.#pending;
    const slots = pending.slots[pending.count] ?? unset;
    const instruction = this.#program.instructions[at];
    switch (instruction?.op) {
      case 'fork':
        pending.push(instruction.second, slots);
        pending.push(instruction.first, slots);
        break;
      case 'jump':
        pending.push(instruction.to, slots);
        break;
      case 'save':
        pending.push(at + 1, this.#options.withoutGroups ? slots : slots.with(instruction.slot, position));
        break;
      case 'assert':
        if (this.#holds(instruction.assertion, position)) {
          pending.push(at + 1, slots);
        }
        break;
      default:
        threads.push(at, slots);
    }
  }

  #holds(assertion: Assertion, position: number): boolean {
    return assertion === 'searchStart' ? position === this.#options.from : holds(assertion, this.#text, position);
  }
}

const newline = 10;

function isWord(code: number | undefined): boolean {
  return code !== undefined && wordRanges.some(([first, last]) => code >= first && code <= last);
}

function holds(assertion: Exclude<Assertion, 'searchStart'>, text: readonly number[], position: number): boolean {
  switch (assertion) {
    case 'textStart':
      return position === 0;
    case 'lineStart':
      return position === 0 || (text[position - 1] === newline && position < text.length);
    case 'lineEnd':
      return position === text.length || text[position] === newline;
    case 'textEnd':
      return position === text.length || (position === text.length - 1 && text[position] === newline);
    case 'absoluteEnd':
      return position === text.length;
    case 'wordBoundary':
      return isWord(text[position - 1]) !== isWord(text[position]);
    case 'noWordBoundary':
      return isWord(text[position - 1]) === isWord(text[position]);
  }
}
