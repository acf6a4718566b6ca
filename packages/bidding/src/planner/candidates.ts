/**
 * Finds the images of one index with which a request can begin, on the same lines. It matches them once, and then
 * prices them for each plant with that plant's durations.
 */
import { type DagIndex, matchHistory } from '@vmgrid/dag';
import type { MachineSpec } from '@vmgrid/protocol';
import type { KnownImage } from '../known-image.ts';
import { staleEntry } from './freshness.ts';
import type { ImageIndex } from './image-index.ts';
import { NEVER_STALE, optionOf, type PreparedRequest } from './nearest-options.ts';
import { compareOptions, type Option, shortlist } from './options.ts';
import type { PlanBasis } from './plan-basis.ts';
import type { TrieVisitor } from './trie-search.ts';
import { type Way, waysToStart } from './ways-to-start.ts';

interface Candidate {
  readonly image: KnownImage;
  readonly ways: readonly Way[];
  /** Groups of the equal actions that the image's history stands for, one entry for each action. */
  readonly cached: readonly number[];
}

/**
 * Returns undefined when more than `most` images match: pricing all of them would cost more than a search with bounds.
 */
export function findCandidates(
  { machine, dag }: { readonly machine: MachineSpec; readonly dag: DagIndex },
  { images, lines }: Pick<PlanBasis<ImageIndex>, 'images' | 'lines'>,
  most: number,
): Candidates | undefined {
  const found: Candidate[] = [];
  let undecided = 0;
  const visitor: TrieVisitor<KnownImage> = {
    worth: new Uint8Array(dag.members.length),
    matters: () => found.length <= most,
    visit(passed, _worth, isExact) {
      for (const image of passed) {
        const digests = image.manifest.history.map(({ digest }) => digest);
        const ways = waysToStart(machine, image, lines);
        if (ways.length === 0) continue;
        const verdict = isExact ? undefined : matchHistory(dag, digests);
        if (verdict?.matches === false) {
          if (!verdict.decided) undecided += 1;
          continue;
        }
        const cached = digests.map((digest) => dag.groupOfDigest.get(digest)!);
        found.push({ image, ways, cached });
      }
    },
  };
  images.descend(machine, dag, visitor);
  return found.length > most ? undefined : new Candidates(found, undecided);
}

export class Candidates {
  readonly #all: readonly Candidate[];
  readonly #undecided: number;

  constructor(all: readonly Candidate[], undecided: number) {
    this.#all = all;
    this.#undecided = undecided;
  }

  /** Returns what `nearestOptions` would find with the same prices at the same time. */
  nearest(
    { prices, fresh = NEVER_STALE, gaveUp }: Omit<PreparedRequest, 'machine' | 'dag'>,
    most: number,
  ): readonly Option[] {
    if (this.#undecided > 0) gaveUp?.(this.#undecided);
    const options = this.#all.flatMap(({ image, ways, cached }) => {
      if (staleEntry(image, fresh)) return [];
      const work = prices.ofAll - cached.reduce((sum, group) => sum + prices.ofGroup[group]!, 0);
      return ways.map((way) => optionOf(image, way, { prices, work }));
    });
    options.sort(compareOptions);
    const other = options.find(({ start }) => start !== options[0]!.start);
    return shortlist(options, other, most);
  }
}
