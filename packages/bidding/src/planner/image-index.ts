/**
 * Indexes the golden images of a warehouse, so that a request only meets images whose history it can begin with.
 *
 * Images of one architecture and system share a trie of histories. A request walks down the trie and replays each entry
 * on its DAG; it leaves a branch at the first entry that it lacks or that cannot run yet. The cost depends on the
 * beginnings that match, not on the number of images. The index holds no files and no clock: the same images give the
 * same answers.
 */
import type { DagIndex } from '@vmgrid/dag';
import type { MachineSpec } from '@vmgrid/protocol';
import type { KnownImage } from '../known-image.ts';
import { DigestInterner } from './digest-interner.ts';
import { HistoryTrie } from './history-trie.ts';
import { TrieSearch, type TrieVisitor } from './trie-search.ts';

type Trie = HistoryTrie<KnownImage>;
type Kind = Pick<MachineSpec, 'arch' | 'os'>;

export class ImageIndex {
  readonly #images = new Map<string, KnownImage>();
  /** Tries by architecture and system. */
  readonly #tries = new Map<string, Trie>();
  readonly #interner = new DigestInterner();
  #followed: ReadonlyMap<string, KnownImage> | undefined;

  /** Indexes images; of several with the same id it keeps the last. */
  static of(images: Iterable<KnownImage>): ImageIndex {
    const index = new ImageIndex();
    for (const image of images) index.add(image);
    return index;
  }

  get size(): number {
    return this.#images.size;
  }

  /** Counts the images of an architecture and system, whatever their line, disk and history. */
  countOf(machine: Kind): number {
    return this.#tries.get(keyOf(machine))?.size ?? 0;
  }

  /** Adds an image, and replaces the one with its id. Linear in its history. */
  add(image: KnownImage): void {
    const { manifest } = image;
    this.remove(manifest.id);
    const history = manifest.history.map(({ digest }) => this.#interner.acquire(digest));
    this.#trieFor(manifest.machine).add(history, image);
    this.#images.set(manifest.id, image);
  }

  /** Returns false when there is no such image. */
  remove(id: string): boolean {
    const image = this.#images.get(id);
    if (!image) return false;
    const { machine, history } = image.manifest;
    this.#trieFor(machine).remove(
      history.map(({ digest }) => this.#interner.numberOf(digest)!),
      image,
    );
    for (const { digest } of history) this.#interner.release(digest);
    this.#images.delete(id);
    return true;
  }

  /**
   * Adopts the changes of an inventory; images never change, so it compares objects. Free when the inventory is the one
   * of the last call.
   */
  follow(inventory: ReadonlyMap<string, KnownImage>): this {
    if (inventory === this.#followed) return this;
    for (const id of this.#images.keys()) if (!inventory.has(id)) this.remove(id);
    for (const [id, image] of inventory) if (this.#images.get(id) !== image) this.add(image);
    this.#followed = inventory;
    return this;
  }

  /** Shows the visitor the images of the machine's architecture and system whose history may match the DAG. */
  descend(machine: Kind, dag: DagIndex, visitor: TrieVisitor<KnownImage>): void {
    const trie = this.#tries.get(keyOf(machine));
    if (!trie) return;
    const words = new Array<number | undefined>(dag.members.length);
    for (const [digest, group] of dag.groupOfDigest) words[group] = this.#interner.numberOf(digest);
    new TrieSearch(dag, words, visitor).into(trie.root);
  }

  #trieFor(machine: Kind): Trie {
    const key = keyOf(machine);
    const trie = this.#tries.get(key) ?? new HistoryTrie<KnownImage>();
    this.#tries.set(key, trie);
    return trie;
  }
}

const keyOf = ({ arch, os }: Kind): string => `${arch}\n${os}`;
