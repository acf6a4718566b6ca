/**
 * Stores histories by their common beginnings: a trie whose edges hold runs of entries (Morrison 1968, PATRICIA). It
 * has fewer than twice as many nodes as histories, however long they are.
 *
 * A history that matches a request matches up to each of its entries, because what ran was ready when it ran. So a
 * search may leave a branch at the first entry that cannot run, and loses nothing.
 */
export interface TrieNode<T> {
  /** The entries between the parent and this node; at least one, except in the root. */
  readonly run: readonly number[];
  /** Children by the first entry of their run. */
  readonly children: ReadonlyMap<number, TrieNode<T>>;
  /** Values whose history ends here. */
  readonly values: readonly T[];
  /** Length of the longest history through this node, counted from the root. */
  readonly deepest: number;
}

interface OwnNode<T> {
  run: number[];
  children: Map<number, OwnNode<T>>;
  values: T[];
  deepest: number;
}

/**
 * Shared by all leaves: most nodes are leaves, and an empty map for each would take most of the memory. Nobody writes
 * to it.
 */
const NO_CHILDREN = new Map<number, never>();

export class HistoryTrie<T> {
  readonly #root: OwnNode<T> = leaf([], [], 0);
  #size = 0;

  /** The number of values. */
  get size(): number {
    return this.#size;
  }

  get root(): TrieNode<T> {
    return this.#root;
  }

  /** Adds a value. Linear in the history. */
  add(history: readonly number[], value: T): void {
    this.#size++;
    let node = this.#root;
    let at = 0;
    node.deepest = Math.max(node.deepest, history.length);
    while (at < history.length) {
      const next = node.children.get(history[at]!);
      if (!next) {
        adopt(node, leaf(history.slice(at), [value], history.length));
        return;
      }
      const common = commonLength(next.run, history, at);
      if (common < next.run.length) split(next, common);
      next.deepest = Math.max(next.deepest, history.length);
      at += common;
      node = next;
    }
    node.values.push(value);
  }

  /** Removes a value; false when it is not there. Linear in the history and the children along it. */
  remove(history: readonly number[], value: T): boolean {
    const path = this.#pathOf(history);
    const node = path?.at(-1);
    const at = node ? node.values.indexOf(value) : -1;
    if (!path || !node || at < 0) return false;
    this.#size--;
    node.values.splice(at, 1);
    this.#tidy(path, history.length);
    return true;
  }

  /** Returns the nodes from the root to the end of a history. */
  #pathOf(history: readonly number[]): OwnNode<T>[] | undefined {
    const path = [this.#root];
    let at = 0;
    while (at < history.length) {
      const next = path.at(-1)!.children.get(history[at]!);
      if (!next || commonLength(next.run, history, at) < next.run.length) return undefined;
      at += next.run.length;
      path.push(next);
    }
    return path;
  }

  /** Drops nodes that hold nothing, joins those with one child and no value, and updates depths, from below. */
  #tidy(path: readonly OwnNode<T>[], removedDepth: number): void {
    let depth = removedDepth;
    for (const [level, node] of [...path.entries()].reverse()) {
      const { length } = node.run;
      const isIdle = level > 0 && node.values.length === 0 && node.children.size < 2;
      if (!isIdle) measure(node, depth, removedDepth);
      else if (node.children.size === 1) join(node);
      else path[level - 1]!.children.delete(node.run[0]!);
      depth -= length;
    }
  }
}

const leaf = <T>(run: number[], values: T[], deepest: number): OwnNode<T> => ({
  run,
  children: NO_CHILDREN,
  values,
  deepest,
});

function adopt<T>(parent: OwnNode<T>, child: OwnNode<T>): void {
  if (parent.children.size === 0) parent.children = new Map();
  parent.children.set(child.run[0]!, child);
}

/** Splits a node: it keeps the first entries of its run; a new child gets the rest and everything below. */
function split<T>(node: OwnNode<T>, length: number): void {
  const { run, children, values, deepest } = node;
  node.run = run.slice(0, length);
  node.children = NO_CHILDREN;
  node.values = [];
  adopt(node, { run: run.slice(length), children, values, deepest });
}

/** Undoes a split. */
function join<T>(node: OwnNode<T>): void {
  const [child] = node.children.values();
  node.run = [...node.run, ...child!.run];
  node.children = child!.children;
  node.values = child!.values;
  node.deepest = child!.deepest;
}

/** Updates `deepest` of a node `depth` entries from the root, after a history of `removedDepth` entries was removed. */
function measure<T>(node: OwnNode<T>, depth: number, removedDepth: number): void {
  if (node.deepest > removedDepth) return;
  let deepest = node.values.length > 0 ? depth : 0;
  for (const child of node.children.values()) {
    if (child.deepest === node.deepest) return;
    deepest = Math.max(deepest, child.deepest);
  }
  node.deepest = deepest;
}

/** Counts the entries of a run that stand in the history from `at` on. */
function commonLength(run: readonly number[], history: readonly number[], at: number): number {
  const most = Math.min(run.length, history.length - at);
  let length = 0;
  while (length < most && run[length] === history[at + length]) length++;
  return length;
}
