/**
 * ClosedSetSearch looks for a set of actions that is closed under predecessors and holds, of each group of equal
 * actions, a number within given bounds.
 *
 * The problem is NP-complete: take the edges of a graph as actions of one digest, each after its two vertices of
 * another digest; then a closed set of k vertices and k(k-1)/2 edges is a clique. So the search first propagates marks.
 * That settles every history with distinct actions, and most others. For the rest it tries assumptions, within a budget
 * of steps.
 */
import type { DagIndex } from '../prepare.ts';
import { NONE, type SearchResult, type StepBudget, UNDECIDED } from './search.ts';

/** How many members of each group the set holds: at least and at most. */
export interface Bounds {
  readonly least: Int32Array;
  readonly most: Int32Array;
}

/** The state of a node: the set may hold it, must hold it, or cannot hold it. */
export const Mark = { open: 0, in: 1, out: 2 } as const;
export type Mark = (typeof Mark)[keyof typeof Mark];

/**
 * Keeps a mark for each node under the bounds. Every mark follows from earlier marks, or is an assumption of the
 * search.
 */
export class ClosedSetSearch {
  readonly marks: Uint8Array;
  readonly #index: DagIndex;
  readonly #bounds: Bounds;
  readonly #budget: StepBudget;
  readonly #inCount: Int32Array;
  readonly #openCount: Int32Array;
  readonly #trail: number[] = [];
  #followed = 0;

  constructor(index: DagIndex, bounds: Bounds, budget: StepBudget) {
    this.#index = index;
    this.#bounds = bounds;
    this.#budget = budget;
    this.marks = new Uint8Array(index.graph.size);
    this.#inCount = new Int32Array(index.members.length);
    this.#openCount = Int32Array.from(index.members, (nodes) => nodes.length);
  }

  /** Puts every mark that follows from the bounds alone. Returns false when no set satisfies them. */
  propagate(): boolean {
    for (let group = 0; group < this.#index.members.length; group++) if (!this.#balance(group)) return false;
    return this.#follow();
  }

  /**
   * Returns the marks of one set within the bounds; its members are marked `in`. Call it after `propagate` returned
   * true.
   */
  solve(): SearchResult<Uint8Array> {
    const assumptions: { readonly node: number; readonly trailLength: number }[] = [];
    let consistent = true;
    while (!this.#budget.spent) {
      if (consistent) {
        const node = this.#undecidedNode();
        if (node === undefined) return { outcome: 'found', value: this.marks };
        assumptions.push({ node, trailLength: this.#trail.length });
        consistent = this.#assume(node, Mark.in);
      } else {
        const wrong = assumptions.pop();
        if (!wrong) return NONE;
        this.#takeBack(wrong.trailLength);
        consistent = this.#assume(wrong.node, Mark.out);
      }
    }
    return UNDECIDED;
  }

  #assume(node: number, mark: Mark): boolean {
    return this.#put(node, mark) && this.#follow();
  }

  /**
   * Returns an open node of a group that still lacks members; undefined when the nodes that are in satisfy the bounds.
   */
  #undecidedNode(): number | undefined {
    const { members } = this.#index;
    this.#budget.spend(members.length);
    const lacking = members.findIndex((_, group) => this.#inCount[group]! < this.#bounds.least[group]!);
    return members[lacking]?.find((node) => this.marks[node] === Mark.open);
  }

  #put(node: number, mark: Mark): boolean {
    if (this.marks[node] !== Mark.open) return this.marks[node] === mark;
    const group = this.#index.groupOf[node]!;
    this.marks[node] = mark;
    this.#openCount[group]!--;
    if (mark === Mark.in) this.#inCount[group]!++;
    this.#trail.push(node);
    return true;
  }

  #follow(): boolean {
    const { graph, groupOf } = this.#index;
    while (this.#followed < this.#trail.length) {
      const node = this.#trail[this.#followed++]!;
      const mark = this.marks[node] as Mark;
      const forced = mark === Mark.in ? graph.predecessors[node]! : graph.successors[node]!;
      this.#budget.spend(1 + forced.length);
      if (!forced.every((neighbour) => this.#put(neighbour, mark)) || !this.#balance(groupOf[node]!)) return false;
    }
    return true;
  }

  /** Rejects the open nodes of a group that is full, and takes those of a group that needs them all. */
  #balance(group: number): boolean {
    const inside = this.#inCount[group]!;
    const reach = inside + this.#openCount[group]!;
    const most = this.#bounds.most[group]!;
    const least = this.#bounds.least[group]!;
    if (inside > most || reach < least) return false;
    if (reach === inside) return true;
    if (inside === most) return this.#putOpen(group, Mark.out);
    return reach > least || this.#putOpen(group, Mark.in);
  }

  #putOpen(group: number, mark: Mark): boolean {
    const nodes = this.#index.members[group]!;
    this.#budget.spend(nodes.length);
    return nodes.every((node) => this.marks[node] !== Mark.open || this.#put(node, mark));
  }

  #takeBack(trailLength: number): void {
    while (this.#trail.length > trailLength) {
      const node = this.#trail.pop()!;
      const group = this.#index.groupOf[node]!;
      if (this.marks[node] === Mark.in) this.#inCount[group]!--;
      this.#openCount[group]!++;
      this.marks[node] = Mark.open;
    }
    this.#followed = trailLength;
  }
}
