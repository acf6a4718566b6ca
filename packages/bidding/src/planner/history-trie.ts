/**
 * Histories by their common beginnings: a trie whose edges hold runs of entries (Morrison 1968, PATRICIA), so that it
 * has fewer than twice as many nodes as histories, however long they are.
 *
 * A history that matches a request matches up to every entry of it (what ran was ready when it ran), so a search that
 * leaves a branch at the first entry that cannot run has lost nothing.
 */
export interface TrieNode<T> {
  /** The entries between the parent and here. Of every node but the root at least one. */
  readonly run: readonly number[];
  /** By the first entry of their run. */
  readonly children: ReadonlyMap<number, TrieNode<T>>;
  /** What ends here. */
  readonly values: readonly T[];
  /** Entries of the longest history that goes through here, counted from the root. */
  readonly deepest: number;
}

interface OwnNode<T> {
  run: number[];
  children: Map<number, OwnNode<T>>;
  values: T[];
  deepest: number;
}

/**
 * Shared by all leaves: most nodes are leaves, and an empty map each would take most of the memory. Never written to.
 */
const NO_CHILDREN = new Map<number, never>();

export class HistoryTrie<T> {
  readonly #root: OwnNode<T> = leaf([], [], 0);
  #size = 0;

  /** How many values there are. */
  get size(): number {
    return this.#size;
  }

  get root(): TrieNode<T> {
    return this.#root;
  }

  /** Linear in the history. */
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

  /** Linear in the history and the children along it. False when the value is not there. */
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

  /** The nodes from the root to where a history ends. */
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

  /** From below: drops nodes that hold nothing, joins those that only lead on, and measures depths again. */
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

/** Cuts a node in two: it keeps the first entries of its run, a new child takes the rest and all that was below. */
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

/**
 * Finds the deepest again, at a node `depth` entries from the root, after a history of `removedDepth` entries has gone.
 */
function measure<T>(node: OwnNode<T>, depth: number, removedDepth: number): void {
  if (node.deepest > removedDepth) return;
  let deepest = node.values.length > 0 ? depth : 0;
  for (const child of node.children.values()) {
    if (child.deepest === node.deepest) return;
    deepest = Math.max(deepest, child.deepest);
  }
  node.deepest = deepest;
}

/** How many entries of a run stand in the history from `at` on. */
function commonLength(run: readonly number[], history: readonly number[], at: number): number {
  const most = Math.min(run.length, history.length - at);
  let length = 0;
  while (length < most && run[length] === history[at + length]) length++;
  return length;
}
