/**
 * Replays a history on a DAG: each entry takes a node with its digest whose predecessors are all taken already.
 *
 * When equal actions stand in different places of the DAG it matters which one is taken. Whether a replay exists is
 * then NP-complete (membership in a pomset language: Feigenbaum, Kahn, Lund 1993). So rules that every replay must obey
 * narrow the choice. A depth-first search decides the rest, with a memory of failed states and a budget of steps:
 *
 * - A node that the closed-set propagation marked out is never taken. A node that it marked in is owed.
 * - An owed node has a latest entry: the latest entries of its owed successors come after it. Nodes owed soonest go
 *   first. When as many nodes are owed as entries are left for them, only those may be taken.
 * - Equal nodes with the same successors are interchangeable: the search tries one order of them only.
 * - A node without successors waits while an equal node with successors is ready: exchanging the two keeps any replay
 *   valid.
 */

import type { DagIndex } from '../prepare.ts';
import { type InterchangeableClass, interchangeableClasses } from './interchangeable-actions.ts';
import { ReplayState } from './replay-state.ts';
import { NONE, type SearchResult, type StepBudget, UNDECIDED } from './search.ts';

/** The entries of a history, each as the number of its group of equal actions. */
export type Entries = readonly number[];

/** A history that is to match a DAG. */
export interface HistoryOnDag {
  readonly index: DagIndex;
  readonly entries: Entries;
}

type Classes = readonly (readonly InterchangeableClass[])[];

interface Choice {
  readonly position: number;
  readonly options: readonly InterchangeableClass[];
  next: number;
}

/** Returns the node that each entry takes. `marks` come from the closed-set propagation with exactly these entries. */
export function findReplay(
  history: HistoryOnDag,
  marks: Uint8Array,
  budget: StepBudget,
): SearchResult<readonly number[]> {
  const classes = interchangeableClasses(history.index, history.entries, marks);
  return classes ? new Replay(history, classes, budget).search() : NONE;
}

class Replay {
  readonly #entries: Entries;
  readonly #classes: Classes;
  readonly #budget: StepBudget;
  readonly #state: ReplayState;
  /** For each entry, how many entries of the same group stand before it. */
  readonly #occurrence: readonly number[];
  readonly #choices: Choice[] = [];
  readonly #failed = new Set<string>();
  #wentBack = false;

  constructor({ index, entries }: HistoryOnDag, classes: Classes, budget: StepBudget) {
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

  /** Backtracks to the last choice with an untried option and takes it. Returns false when there is none. */
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

  /** Returns the classes from which the entry may take a node, those owed soonest first. */
  #options(position: number): readonly InterchangeableClass[] {
    const ready = this.#state.readyClasses(this.#entries[position]!);
    const allowed = this.#wentBack ? ready.slice(0, this.#allowed(position, ready)) : ready;
    const leading = allowed.filter((alike) => !alike.leaf);
    return leading.length > 0 ? leading : allowed;
  }

  /**
   * Returns how many of the ready classes an entry may take from. It counts what is owed up to each later entry of the
   * group: if more is owed than there are entries, the answer is none; if just as much is owed, only owed classes
   * count. The search asks this only after the first way failed.
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
