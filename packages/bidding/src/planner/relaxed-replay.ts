import type { DagIndex } from '@vmgrid/dag';

/**
 * Replays a history on a DAG entry by entry, in constant time per edge. It does not distinguish equal actions; it
 * counts how many of each group ran. An action may run when, of each group, as many ran as the action has direct
 * predecessors in it. A group may run once more when more of its members may run than did.
 *
 * Every history that matches can be replayed. The reverse holds as long as no entry belongs to a group with several
 * members (`isExact`): then the counts say which actions ran.
 */
export class RelaxedReplay {
  readonly #groupOf: readonly number[];
  /** By group and count: the nodes for which this many of the group are enough and fewer are not. */
  readonly #released: readonly (readonly (readonly number[])[])[];
  /** For each node, how many groups have run too few members. */
  readonly #unmet: Int32Array;
  /** For each group, how many members may run. */
  readonly #ready: Int32Array;
  readonly #taken: Int32Array;
  readonly #isRepeated: readonly boolean[];
  #repeatedTaken = 0;

  /** Linear in the DAG. */
  constructor({ graph, groupOf, members }: DagIndex) {
    this.#groupOf = groupOf;
    this.#isRepeated = members.map((nodes) => nodes.length > 1);
    this.#taken = new Int32Array(members.length);
    this.#ready = new Int32Array(members.length);
    this.#unmet = new Int32Array(graph.size);
    const released = members.map((nodes): number[][] => nodes.map(() => []));
    for (const [node, before] of graph.predecessors.entries()) {
      const needs = countsOf(before.map((other) => groupOf[other]!));
      for (const [group, count] of needs) released[group]![count - 1]!.push(node);
      this.#unmet[node] = needs.size;
      if (needs.size === 0) this.#ready[groupOf[node]!]!++;
    }
    this.#released = released;
  }

  /** Whether the entries that were taken are sure to match. If not, only matching them one by one can tell. */
  get isExact(): boolean {
    return this.#repeatedTaken === 0;
  }

  takenOf(group: number): number {
    return this.#taken[group]!;
  }

  canTake(group: number): boolean {
    return this.#taken[group]! < this.#ready[group]!;
  }

  take(group: number): void {
    const now = this.#released[group]![this.#taken[group]!++]!;
    if (this.#isRepeated[group]) this.#repeatedTaken++;
    for (const node of now) if (--this.#unmet[node]! === 0) this.#ready[this.#groupOf[node]!]!++;
  }

  /** Undoes a `take`, the last first. */
  takeBack(group: number): void {
    const now = this.#released[group]![--this.#taken[group]!]!;
    if (this.#isRepeated[group]) this.#repeatedTaken--;
    for (const node of now) if (this.#unmet[node]!++ === 0) this.#ready[this.#groupOf[node]!]!--;
  }
}

/** Counts how often each value occurs. */
export function countsOf(values: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
