import { type Assertion, type CharacterSet, type Pattern, PatternError } from './pattern.ts';

/** One step of the machine. Where two ways lie open, `first` is preferred. */
export type Instruction =
  | { readonly op: 'set'; readonly set: CharacterSet }
  | { readonly op: 'assert'; readonly assertion: Assertion }
  | { op: 'fork'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'accept' };

export type Program = readonly Instruction[];

const maxInstructions = 5000;
/** Substitutions can name `\0` to `\9`; groups past the ninth are matched but not remembered. */
const rememberedGroups = 10;
export const slotCount = 2 * rememberedGroups;

/** Thompson's construction: counted repeats are written out, up to a limit (PatternError). */
export function compilePattern(pattern: Pattern): Program {
  const compiler = new Compiler();
  compiler.emit({ op: 'save', slot: 0 });
  compiler.pattern(pattern);
  compiler.emit({ op: 'save', slot: 1 });
  compiler.emit({ op: 'accept' });
  return compiler.instructions;
}

class Compiler {
  readonly instructions: Instruction[] = [];

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
        this.emit({ op: 'set', set: pattern.set });
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

  /** An item that emits nothing would let `(){99999}{99999}` turn for ever within the limit on instructions. */
  #copy(item: Pattern): void {
    const before = this.instructions.length;
    this.pattern(item);
    if (this.instructions.length === before) {
      this.emit({ op: 'jump', to: before + 1 });
    }
  }

  /** Either goes on with the next instruction or skips to a place told later; `lazy` prefers to skip. */
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
