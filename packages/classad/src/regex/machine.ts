import { wordRanges } from './character-classes.ts';
import { type Assertion, setHas } from './pattern.ts';
import { type Program, slotCount } from './program.ts';

/** Offsets into the text's characters: `[2k]` to `[2k + 1]` is group k, -1 where it took no part. */
export type Slots = readonly number[];

export interface SearchOptions {
  readonly from: number;
  /** Only a match that begins at `from`, and is not empty: what follows an empty match. */
  readonly anchoredNotEmpty?: boolean;
  /** Told how many steps were made; throws to stop. */
  readonly spend: (steps: number) => void;
}

interface Thread {
  readonly at: number;
  readonly slots: Slots;
}

/** Steps per unit of the budget: a step here is far cheaper than evaluating a node. */
const stepsPerUnit = 8;

/**
 * Pike's machine: all ways to match advance together, one character at a time, each instruction at most once a
 * character. Time is at most pattern length times text length, whatever the pattern. The match is the leftmost, and
 * among those the one Perl's preferences choose.
 */
export function search(program: Program, text: readonly number[], options: SearchOptions): Slots | undefined {
  return new Search(program, text, options).run();
}

class Search {
  readonly #program: Program;
  readonly #text: readonly number[];
  readonly #options: SearchOptions;
  /** Per instruction, the position (plus 1) at which a thread last reached it. */
  readonly #reached: Int32Array;
  #steps = 0;
  #found: Slots | undefined;

  constructor(program: Program, text: readonly number[], options: SearchOptions) {
    this.#program = program;
    this.#text = text;
    this.#options = options;
    this.#reached = new Int32Array(program.length);
  }

  run(): Slots | undefined {
    const { from, anchoredNotEmpty = false, spend } = this.#options;
    const unset: Slots = new Array<number>(slotCount).fill(-1);
    let threads: Thread[] = [];
    for (let position = from; position <= this.#text.length; position += 1) {
      if (this.#found === undefined && (position === from || !anchoredNotEmpty)) {
        this.#add(threads, { at: 0, slots: unset }, position);
      }
      if (threads.length === 0 && (this.#found !== undefined || anchoredNotEmpty)) {
        break;
      }
      threads = this.#advance(threads, position);
      spend(1 + this.#steps / stepsPerUnit);
      this.#steps = 0;
    }
    return this.#found;
  }

  #holds(assertion: Assertion, position: number): boolean {
    return assertion === 'searchStart' ? position === this.#options.from : holds(assertion, this.#text, position);
  }

  /** Threads in order of preference; once one accepts, those after it are dropped. */
  #advance(threads: readonly Thread[], position: number): Thread[] {
    const next: Thread[] = [];
    const code = this.#text[position];
    for (const thread of threads) {
      this.#steps += 1;
      const instruction = this.#program[thread.at];
      if (instruction?.op === 'accept') {
        if (!(this.#options.anchoredNotEmpty && position === this.#options.from)) {
          this.#found = thread.slots;
          break;
        }
      } else if (instruction?.op === 'set' && code !== undefined && setHas(instruction.set, code)) {
        this.#add(next, { at: thread.at + 1, slots: thread.slots }, position + 1);
      }
    }
    return next;
  }

  /** Follows everything that takes no character, preferred ways first. */
  #add(threads: Thread[], start: Thread, position: number): void {
    const pending = [start];
    for (let thread = pending.pop(); thread !== undefined; thread = pending.pop()) {
      const { at, slots } = thread;
      if (this.#reached[at] === position + 1) {
        continue;
      }
      this.#reached[at] = position + 1;
      this.#steps += 1;
      const instruction = this.#program[at];
      switch (instruction?.op) {
        case 'fork':
          pending.push({ at: instruction.second, slots }, { at: instruction.first, slots });
          break;
        case 'jump':
          pending.push({ at: instruction.to, slots });
          break;
        case 'save':
          pending.push({ at: at + 1, slots: slots.with(instruction.slot, position) });
          break;
        case 'assert':
          if (this.#holds(instruction.assertion, position)) {
            pending.push({ at: at + 1, slots });
          }
          break;
        default:
          threads.push(thread);
      }
    }
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
