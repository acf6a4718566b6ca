/**
 * Replays a history on a DAG: each entry takes a node of its digest whose predecessors are all taken already.
 *
 * With equal actions in different places of the DAG it matters which is taken; whether a replay exists is then
 * NP-complete (membership in a pomset language: Feigenbaum, Kahn, Lund 1993). So the choice is narrowed by what every
 * replay must respect and the rest is searched, depth first, with a memory of failed states and a budget of steps:
 *
 * - nodes marked out by the closed-set propagation are never taken, nodes marked in are owed;
 * - an owed node has a latest entry: its owed successors' latest entries come after it. Nodes owed soonest go first,
 *   and when as many are owed as there are entries left for them, only they may be taken;
 * - equal nodes with the same successors are interchangeable: one order of them is enough;
 * - a node without successors waits while an equal node with some is ready: exchanging the two keeps any replay valid.
 */

import { type InterchangeableClass, interchangeableClasses } from './interchangeable-actions.ts';
import type { DagIndex } from './prepare.ts';
import { ReplayState } from './replay-state.ts';
import { NONE, type SearchResult, type StepBudget, UNDECIDED } from './search.ts';

/** Entries of a history by the group of equal actions they belong to. */
export type Entries = readonly number[];

type Classes = readonly (readonly InterchangeableClass[])[];

interface Choice {
  readonly position: number;
  readonly options: readonly InterchangeableClass[];
  next: number;
}

/** The node that each entry takes. `marks` are those of the closed-set propagation with exactly these entries. */
export function findReplay(
  index: DagIndex,
  entries: Entries,
  marks: Uint8Array,
  budget: StepBudget,
): SearchResult<readonly number[]> {
  const classes = interchangeableClasses(index, entries, marks);
  return classes ? new Replay(index, entries, classes, budget).search() : NONE;
}

class Replay {
  readonly #entries: Entries;
  readonly #classes: Classes;
  readonly #budget: StepBudget;
  readonly #state: ReplayState;
  /** How many entries of the same group stand before each entry. */
  readonly #occurrence: readonly number[];
  readonly #choices: Choice[] = [];
  readonly #failed = new Set<string>();
  #wentBack = false;

  constructor(index: DagIndex, entries: Entries, classes: Classes, budget: StepBudget) {
    this.#entries = entries;
    this.#classes = classes;
    this.#budget = budget;
    this.#state = new ReplayState(index, classes.flat(), budget);
    this.#occurrence = occurrences(index, entries);
  }

  search(): SearchResult<readonly number[]> {
    while (!this.#budget.spent) {
      const position = this.#state.taken.length;
      if (position === this.#entries.length) return { outcome: 'found', value: this.#state.taken };
      const options = this.#options(position);
      if (options.length === 1) this.#state.take(options[0]!);
      else {
        if (options.length > 1 && !this.#failedBefore()) this.#choices.push({ position, options, next: 0 });
        if (!this.#takeNext()) return NONE;
      }
    }
    return UNDECIDED;
  }

  /** Goes back to the last choice that has an option left and takes it; false when there is none. */
  #takeNext(): boolean {
    for (let choice = this.#choices.at(-1); choice; choice = this.#choices.at(-1)) {
      this.#wentBack ||= choice.next > 0;
      this.#state.takeBack(choice.position);
      const option = choice.options[choice.next++];
      if (option) {
        this.#state.take(option);
        return true;
      }
      this.#failed.add(this.#state.key());
      this.#choices.pop();
    }
    return false;
  }

  #failedBefore(): boolean {
    return this.#failed.size > 0 && this.#failed.has(this.#state.key());
  }

  /** Classes from which the entry may take a node, the soonest owed first. */
  #options(position: number): readonly InterchangeableClass[] {
    const ready = this.#state.readyClasses(this.#entries[position]!);
    const allowed = this.#wentBack ? ready.slice(0, this.#allowed(position, ready)) : ready;
    const leading = allowed.filter((alike) => !alike.leaf);
    return leading.length > 0 ? leading : allowed;
  }

  /**
   * How many of the ready classes an entry may take from, by counting what is owed up to each later entry of its group:
   * none when more is owed than there are entries, only what is owed when it is just as much. Looked at once the
   * straight way failed.
   */
  #allowed(position: number, ready: readonly InterchangeableClass[]): number {
    const group = this.#entries[position]!;
    const classes = this.#classes[group]!;
    this.#budget.spend(classes.length);
    let owed = 0;
    for (const alike of classes) {
      const left = alike.owed ? this.#state.left(alike) : 0;
      if (left === 0) continue;
      owed += left;
      const spare = alike.latest - this.#occurrence[position]! + 1 - owed;
      if (spare < 0) return 0;
      if (spare === 0) return ready.filter(({ place }) => place <= alike.place).length;
    }
    return ready.length;
  }
}

function occurrences(index: DagIndex, entries: Entries): number[] {
  const counts = new Int32Array(index.members.length);
  return entries.map((group) => counts[group]!++);
}
