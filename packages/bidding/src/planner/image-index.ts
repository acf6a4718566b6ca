/**
 * The golden images of a warehouse, so that a request meets only those whose histories it can begin with.
 *
 * Images of one architecture, system and line share a trie of histories. A request goes down the trie and replays on its DAG
 * what it passes; it leaves a branch at the first entry that it lacks or that cannot run yet. The cost is that of the
 * beginnings which match, not of the images. Holds no file and no clock: same images, same answers.
 */
import type { DagIndex } from '@vmgrid/dag';
import type { LineName, MachineSpec } from '@vmgrid/protocol';
import type { KnownImage } from '../known-image.ts';
import { Descent, type DescentVisitor } from './descent.ts';
import { HistoryTrie } from './history-trie.ts';
import type { LineReports } from './match-image.ts';
import { Vocabulary } from './vocabulary.ts';

type Trie = HistoryTrie<KnownImage>;
type Kind = Pick<MachineSpec, 'arch' | 'os'>;

export class ImageIndex {
  readonly #images = new Map<string, KnownImage>();
  /** By architecture and system, then by line. */
  readonly #tries = new Map<string, Map<LineName, Trie>>();
  readonly #vocabulary = new Vocabulary();
  #followed: ReadonlyMap<string, KnownImage> | undefined;

  /** Indexes images; of several with one id the last. */
  static of(images: Iterable<KnownImage>): ImageIndex {
    const index = new ImageIndex();
    for (const image of images) index.add(image);
    return index;
  }

  get size(): number {
    return this.#images.size;
  }

  /** How many images there are of an architecture and system, whatever their line, disk and history. */
  countOf(machine: Kind): number {
    return [...(this.#tries.get(keyOf(machine))?.values() ?? [])].reduce((sum, { size }) => sum + size, 0);
  }

  /** Adds an image in place of the one with its id. Linear in its history. */
  add(image: KnownImage): void {
    const { manifest } = image;
    this.remove(manifest.id);
    const history = manifest.history.map(({ digest }) => this.#vocabulary.acquire(digest));
    this.#trieFor(manifest.machine, manifest.line).add(history, image);
    this.#images.set(manifest.id, image);
  }

  /** False when there is no such image. */
  remove(id: string): boolean {
    const image = this.#images.get(id);
    if (!image) return false;
    const { machine, line, history } = image.manifest;
    this.#trieFor(machine, line).remove(
      history.map(({ digest }) => this.#vocabulary.numberOf(digest)!),
      image,
    );
    for (const { digest } of history) this.#vocabulary.release(digest);
    this.#images.delete(id);
    return true;
  }

  /** Takes on what changed in an inventory (by image, as images never change). Free when it is the one followed last. */
  follow(inventory: ReadonlyMap<string, KnownImage>): this {
    if (inventory === this.#followed) return this;
    for (const id of this.#images.keys()) if (!inventory.has(id)) this.remove(id);
    for (const [id, image] of inventory) if (this.#images.get(id) !== image) this.add(image);
    this.#followed = inventory;
    return this;
  }

  /** Shows the visitor the images of the machine's architecture, system and line whose history may match the DAG. */
  descend(
    machine: Kind & Pick<MachineSpec, 'line'>,
    dag: DagIndex,
    lines: LineReports,
    visitor: DescentVisitor<KnownImage>,
  ): void {
    const words = dag.members.map((nodes) => this.#vocabulary.numberOf(dag.digests[nodes[0]!]!));
    for (const [line, trie] of this.#tries.get(keyOf(machine)) ?? []) {
      const serves = lines.get(line)?.available && (machine.line ?? line) === line;
      if (serves) new Descent(dag, words, visitor).into(trie.root);
    }
  }

  #trieFor(machine: Kind, line: LineName): Trie {
    const key = keyOf(machine);
    const byLine = this.#tries.get(key) ?? new Map<LineName, Trie>();
    const trie = byLine.get(line) ?? new HistoryTrie<KnownImage>();
    this.#tries.set(key, byLine.set(line, trie));
    return trie;
  }
}

const keyOf = ({ arch, os }: Kind): string => `${arch}\n${os}`;
