import { CharacterTable } from './character-table.ts';
import { type Assertion, type CharacterSet, type Pattern, PatternError, setHas } from './pattern.ts';

/** One step of the machine. Where the program branches, `first` is preferred. */
export type Instruction =
  | { readonly op: 'set'; readonly characters: CharacterTable }
  | { readonly op: 'assert'; readonly assertion: Assertion }
  | { op: 'fork'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'accept' };

export interface Program {
  readonly instructions: readonly Instruction[];
  /** The characters that a match can begin with; undefined when it can be empty or begins with too many sets. */
  readonly starts: CharacterTable | undefined;
  /** Whether a match can only begin at the start of the text. */
  readonly atTextStart: boolean;
}

const maxInstructions = 5000;
/** With more sets, checking each character would cost more than trying a match there. */
const mostStarts = 16;
/** Substitutions can name `\0` to `\9`; groups past the ninth are matched but not remembered. */
const rememberedGroups = 10;
export const slotCount = 2 * rememberedGroups;

/** Thompson's construction. Counted repeats are written out, up to a limit (PatternError). */
export function compilePattern(pattern: Pattern): Program {
  const compiler = new Compiler();
  compiler.emit({ op: 'save', slot: 0 });
  compiler.pattern(pattern);
  compiler.emit({ op: 'save', slot: 1 });
  compiler.emit({ op: 'accept' });
  const { instructions } = compiler;
  const [starts, anywhere] = [
    firstSteps(instructions, () => true),
    firstSteps(instructions, (it) => it !== 'textStart'),
  ];
  return {
    instructions,
    starts: starts === undefined ? undefined : new CharacterTable((code) => starts.some((set) => set.has(code))),
    atTextStart: anywhere !== undefined && anywhere.length === 0,
  };
}

/**
 * Returns the sets that the first character of a match can be in, behind assertions that may hold; undefined when no
 * character is needed, or when there are too many sets.
 */
function firstSteps(
  instructions: readonly Instruction[],
  mayHold: (assertion: Assertion) => boolean,
): CharacterTable[] | undefined {
  const sets: CharacterTable[] = [];
  const seen = new Set<number>();
  const pending = [0];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const instruction = instructions[at];
    if (instruction === undefined || seen.has(at)) {
      continue;
    }
    seen.add(at);
    switch (instruction.op) {
      case 'accept':
        return undefined;
      case 'set':
        sets.push(instruction.characters);
        break;
      case 'fork':
        pending.push(instruction.first, instruction.second);
        break;
      case 'jump':
        pending.push(instruction.to);
        break;
      case 'save':
        pending.push(at + 1);
        break;
      case 'assert':
        pending.push(...(mayHold(instruction.assertion) ? [at + 1] : []));
        break;
    }
  }
  return sets.length > mostStarts ? undefined : sets;
}

class Compiler {
  readonly instructions: Instruction[] = [];
  /** Copies of a repeated set share one table. */
  readonly #tables = new Map<CharacterSet, CharacterTable>();

  emit<T extends Instruction>(instruction: T): T {
    if (this.instructions.length >= maxInstructions) {
      throw new PatternError('pattern too large');
    }
    this.instructions.push(instruction);
    return instruction;
  }

  pattern(pattern: Pattern): void {
    switch (pattern.kind) {
      case 'set':
        this.emit({ op: 'set', characters: this.#tableOf(pattern.set) });
        break;
      case 'assert':
        this.emit({ op: 'assert', assertion: pattern.assertion });
        break;
      case 'restart':
        this.emit({ op: 'save', slot: 0 });
        break;
      case 'sequence':
        for (const item of pattern.items) {
          this.pattern(item);
        }
        break;
      case 'choice':
        this.#choice(pattern.branches);
        break;
      case 'repeat':
        this.#repeat(pattern);
        break;
      case 'capture':
        this.#capture(pattern.index, pattern.item);
        break;
    }
  }

  #tableOf(set: CharacterSet): CharacterTable {
    const table = this.#tables.get(set) ?? new CharacterTable((code) => setHas(set, code));
    this.#tables.set(set, table);
    return table;
  }

  #capture(index: number, item: Pattern): void {
    const remembered = index < rememberedGroups;
    if (remembered) {
      this.emit({ op: 'save', slot: 2 * index });
    }
    this.pattern(item);
    if (remembered) {
      this.emit({ op: 'save', slot: 2 * index + 1 });
    }
  }

  #choice(branches: readonly Pattern[]): void {
    const jumps: { op: 'jump'; to: number }[] = [];
    for (const [index, branch] of branches.entries()) {
      if (index === branches.length - 1) {
        this.pattern(branch);
        break;
      }
      const fork = this.#fork(false);
      this.pattern(branch);
      jumps.push(this.emit({ op: 'jump', to: 0 }));
      fork.skipTo(this.instructions.length);
    }
    for (const jump of jumps) {
      jump.to = this.instructions.length;
    }
  }

  #repeat({ item, least, most, lazy }: Pattern & { kind: 'repeat' }): void {
    for (let count = 0; count < least; count += 1) {
      this.#copy(item);
    }
    if (most === Number.POSITIVE_INFINITY) {
      const start = this.instructions.length;
      const fork = this.#fork(lazy);
      this.pattern(item);
      this.emit({ op: 'jump', to: start });
      fork.skipTo(this.instructions.length);
      return;
    }
    const forks: { skipTo: (end: number) => void }[] = [];
    for (let count = least; count < most; count += 1) {
      forks.push(this.#fork(lazy));
      this.#copy(item);
    }
    for (const fork of forks) {
      fork.skipTo(this.instructions.length);
    }
  }

  /**
   * An item that emits nothing would make `(){99999}{99999}` loop very long without reaching the limit on instructions.
   */
  #copy(item: Pattern): void {
    const before = this.instructions.length;
    this.pattern(item);
    if (this.instructions.length === before) {
      this.emit({ op: 'jump', to: before + 1 });
    }
  }

  /** Emits a branch: go on with the next instruction, or skip to a place that is set later; `lazy` prefers to skip. */
  #fork(lazy: boolean): { skipTo: (end: number) => void } {
    const next = this.instructions.length + 1;
    const fork = this.emit({ op: 'fork', first: next, second: next });
    return {
      skipTo: (end) => {
        fork[lazy ? 'first' : 'second'] = end;
      },
    };
  }
}
