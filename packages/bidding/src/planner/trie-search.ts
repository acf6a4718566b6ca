import type { DagIndex } from '@vmgrid/dag';
import type { TrieNode } from './history-trie.ts';
import { countsOf, RelaxedReplay } from './relaxed-replay.ts';

/** Receives what a search finds, and decides how far it goes on. */
export interface TrieVisitor<T> {
  /** The value of having run one action of each group. Whole numbers, so that sums do not depend on their order. */
  readonly worth: ArrayLike<number>;
  /** Whether histories of at most this value still matter. */
  matters(mostWorth: number): boolean;
  /**
   * Receives values whose history can be replayed. When the replay was not exact the history may still fail to match.
   */
  visit(values: readonly T[], worth: number, isExact: boolean): void;
}

/** Searches a trie of histories for those that a DAG can replay: depth first, the longest histories first. */
export class TrieSearch<T> {
  readonly #visitor: TrieVisitor<T>;
  readonly #replay: RelaxedReplay;
  /** The number of each group in the trie; undefined when no history has it. */
  readonly #words: readonly (number | undefined)[];
  readonly #groupOfWord: ReadonlyMap<number, number>;
  /** Groups that some history may have, the most valuable first, with the most members that a history may have. */
  readonly #ranked: readonly { readonly group: number; readonly most: number }[];
  readonly #taken: number[] = [];
  #worth = 0;

  constructor(dag: DagIndex, words: readonly (number | undefined)[], visitor: TrieVisitor<T>) {
    this.#visitor = visitor;
    this.#replay = new RelaxedReplay(dag);
    this.#words = words;
    this.#groupOfWord = new Map(words.flatMap((word, group) => (word === undefined ? [] : [[word, group] as const])));
    const most = countsOf(reachable(dag, words).map((node) => dag.groupOf[node]!));
    this.#ranked = [...most]
      .map(([group, count]) => ({ group, most: count }))
      .sort((a, b) => visitor.worth[b.group]! - visitor.worth[a.group]!);
  }

  into(node: TrieNode<T>): void {
    const before = this.#taken.length;
    if (this.#takeAll(node.run) && this.#canMatter(node)) {
      if (node.values.length > 0) this.#visitor.visit(node.values, this.#worth, this.#replay.isExact);
      for (const child of this.#childrenOf(node)) if (this.#canMatter(child)) this.into(child);
    }
    this.#takeBack(before);
  }

  /** Checks an upper bound: the longest history below, continued with the most valuable of the remaining actions. */
  #canMatter({ deepest }: TrieNode<T>): boolean {
    let more = deepest - this.#taken.length;
    let worth = this.#worth;
    for (let rank = 0; more > 0 && rank < this.#ranked.length; rank++) {
      const { group, most } = this.#ranked[rank]!;
      const count = Math.min(more, most - this.#replay.takenOf(group));
      worth += count * this.#visitor.worth[group]!;
      more -= count;
    }
    return this.#visitor.matters(worth);
  }

  /** Returns the children whose first entry can be taken, those with the longest histories below first. */
  #childrenOf({ children }: TrieNode<T>): readonly TrieNode<T>[] {
    if (children.size === 0) return [];
    const found =
      children.size <= this.#words.length
        ? [...children.values()].filter(({ run }) => this.#canTake(this.#groupOfWord.get(run[0]!)))
        : this.#words.flatMap((word, group) =>
            word === undefined || !this.#canTake(group) ? [] : (children.get(word) ?? []),
          );
    return found.length < 2 ? found : found.sort((a, b) => b.deepest - a.deepest);
  }

  #canTake(group: number | undefined): boolean {
    return group !== undefined && this.#replay.canTake(group);
  }

  /**
   * Takes the entries of a run; stops at the first that cannot run and returns false. Entries taken before stay taken.
   */
  #takeAll(run: readonly number[]): boolean {
    for (const word of run) {
      const group = this.#groupOfWord.get(word);
      if (group === undefined || !this.#replay.canTake(group)) return false;
      this.#replay.take(group);
      this.#worth += this.#visitor.worth[group]!;
      this.#taken.push(group);
    }
    return true;
  }

  #takeBack(length: number): void {
    while (this.#taken.length > length) {
      const group = this.#taken.pop()!;
      this.#replay.takeBack(group);
      this.#worth -= this.#visitor.worth[group]!;
    }
  }
}

/**
 * Returns the actions that some history has and whose predecessors can all be replayed too: no other can ever be
 * replayed.
 */
function reachable({ topological, graph, groupOf }: DagIndex, words: readonly (number | undefined)[]): number[] {
  const found = new Set<number>();
  for (const node of topological) {
    const isKnown = words[groupOf[node]!] !== undefined;
    if (isKnown && graph.predecessors[node]!.every((before) => found.has(before))) found.add(node);
  }
  return [...found];
}
