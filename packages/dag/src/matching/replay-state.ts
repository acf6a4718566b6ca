import type { DagIndex } from '../prepare.ts';
import type { InterchangeableClass } from './interchangeable-actions.ts';
import type { StepBudget } from './search.ts';

/** The nodes that a replay has taken, in order, and the nodes that are ready. Takes can be undone, the last first. */
export class ReplayState {
  readonly #index: DagIndex;
  readonly #budget: StepBudget;
  readonly #taken: number[] = [];
  readonly #isTaken: Uint8Array;
  /** For each node, how many predecessors are not taken yet. */
  readonly #waiting: Int32Array;
  readonly #classOf: InterchangeableClass[] = [];
  /** For each class a stack of its ready nodes; for each group the classes that have a ready node. */
  readonly #ready = new Map<InterchangeableClass, number[]>();
  readonly #readyClasses: readonly Set<InterchangeableClass>[];
  readonly #left = new Map<InterchangeableClass, number>();
  readonly #duplicates: readonly number[];

  constructor(index: DagIndex, classes: readonly InterchangeableClass[], budget: StepBudget) {
    this.#index = index;
    this.#budget = budget;
    this.#isTaken = new Uint8Array(index.graph.size);
    this.#waiting = Int32Array.from(index.graph.predecessors, (nodes) => nodes.length);
    this.#readyClasses = index.members.map(() => new Set());
    this.#duplicates = index.topological.filter((node) => index.members[index.groupOf[node]!]!.length > 1);
    for (const alike of classes) {
      this.#ready.set(alike, []);
      this.#left.set(alike, alike.members.length);
      for (const node of alike.members) this.#classOf[node] = alike;
    }
    for (const node of index.topological.toReversed()) if (this.#waiting[node] === 0) this.#push(node);
  }

  get taken(): readonly number[] {
    return this.#taken;
  }

  /** Returns the classes of a group that have a ready node, in their order. */
  readyClasses(group: number): readonly InterchangeableClass[] {
    return [...this.#readyClasses[group]!].sort((a, b) => a.place - b.place);
  }

  /** Returns how many members of a class are not taken. */
  left(alike: InterchangeableClass): number {
    return this.#left.get(alike)!;
  }

  take(alike: InterchangeableClass): void {
    const node = this.#pop(alike)!;
    this.#left.set(alike, this.left(alike) - 1);
    this.#taken.push(node);
    this.#isTaken[node] = 1;
    const after = this.#index.graph.successors[node]!;
    this.#budget.spend(1 + after.length);
    for (const next of after) if (--this.#waiting[next]! === 0) this.#push(next);
  }

  /**
   * Undoes takes, the last first, until `length` takes are left. Every stack of ready nodes is then as it was before.
   */
  takeBack(length: number): void {
    while (this.#taken.length > length) {
      const node = this.#taken.pop()!;
      const alike = this.#classOf[node]!;
      this.#isTaken[node] = 0;
      for (const next of this.#index.graph.successors[node]!) {
        if (this.#waiting[next]!++ === 0 && this.#classOf[next]) this.#pop(this.#classOf[next]);
      }
      this.#left.set(alike, this.left(alike) + 1);
      this.#push(node);
    }
  }

  /**
   * Returns a key of which equal nodes are taken. It determines the other nodes too: where there is no choice, an entry
   * always takes the same node.
   */
  key(): string {
    this.#budget.spend(this.#duplicates.length);
    let key = '';
    for (let at = 0; at < this.#duplicates.length; at += 16) {
      let bits = 0;
      for (let bit = 0; bit < 16; bit++) bits |= (this.#isTaken[this.#duplicates[at + bit]!] ?? 0) << bit;
      key += String.fromCharCode(bits);
    }
    return key;
  }

  /** A node without class can never be taken. */
  #push(node: number): void {
    const alike = this.#classOf[node];
    if (!alike) return;
    this.#ready.get(alike)!.push(node);
    this.#readyClasses[alike.group]!.add(alike);
  }

  #pop(alike: InterchangeableClass): number | undefined {
    const stack = this.#ready.get(alike)!;
    const node = stack.pop();
    if (stack.length === 0) this.#readyClasses[alike.group]!.delete(alike);
    return node;
  }
}
