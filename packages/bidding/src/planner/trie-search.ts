import type { DagIndex } from '@vmgrid/dag';
import type { TrieNode } from './history-trie.ts';
import { countsOf, RelaxedReplay } from './relaxed-replay.ts';

/** Looks at what a search passes, and says how far it is worth going. */
export interface TrieVisitor<T> {
  /** What having run one action of each group is worth. Whole numbers, so that sums do not depend on their order. */
  readonly worth: ArrayLike<number>;
  /** Whether histories that are worth no more than this still matter. */
  matters(mostWorth: number): boolean;
  /** Values whose history can be replayed; when the replay was not exact it may still fail to match. */
  visit(values: readonly T[], worth: number, isExact: boolean): void;
}

/** Goes through a trie of histories with a DAG, depth first, the longest histories first. */
export class TrieSearch<T> {
  readonly #visitor: TrieVisitor<T>;
  readonly #replay: RelaxedReplay;
  /** Word of each group in the trie; undefined when no history has it. */
  readonly #words: readonly (number | undefined)[];
  readonly #groupOfWord: ReadonlyMap<number, number>;
  /** Groups that some history may have, the most valuable first, and how many of each it may have at most. */
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

  /** A bound: as if the longest history below went on with the most valuable of the actions that are left. */
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

  /** The children whose first entry can be taken, those with the longest histories below first. */
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

  /** Stops at the first entry that cannot run, and says so; what was taken stays taken. */
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

/** Actions which some history has, and all actions before them: no other can ever be replayed. */
function reachable({ topological, graph, groupOf }: DagIndex, words: readonly (number | undefined)[]): number[] {
  const found = new Set<number>();
  for (const node of topological) {
    const isKnown = words[groupOf[node]!] !== undefined;
    if (isKnown && graph.predecessors[node]!.every((before) => found.has(before))) found.add(node);
  }
  return [...found];
}
