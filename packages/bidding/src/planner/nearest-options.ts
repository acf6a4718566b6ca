import { type DagIndex, matchHistory } from '@vmgrid/dag';
import type { MachineSpec } from '@vmgrid/protocol';
import type { KnownImage } from '../known-image.ts';
import { type FreshSince, staleEntry } from './freshness.ts';
import type { ImageIndex } from './image-index.ts';
import { compareOptions, type Option, shortlist } from './options.ts';
import type { PlanBasis } from './plan-basis.ts';
import type { Prices } from './prices.ts';
import type { TrieVisitor } from './trie-search.ts';
import { type LineReports, type Start, type Way, waysToStart } from './ways-to-start.ts';

const STARTS = ['restore', 'boot'] as const;

export interface PreparedRequest {
  readonly machine: MachineSpec;
  readonly dag: DagIndex;
  readonly prices: Prices;
  /** Left out, every result is good for ever. */
  readonly fresh?: FreshSince;
  /**
   * Called with the number of images for which the search among equal actions gave up (`MATCH_LIMITS`): one of them
   * might have been faster.
   */
  readonly gaveUp?: (images: number) => void;
}

export const NEVER_STALE: FreshSince = new Map();

/**
 * Returns the best options for a request, the fastest first, at most `most` (2 or more). When all would have the same
 * start, the last one is the best with the other start. These are exactly the options that a look at every image would
 * find. Branch and bound looks only at matching images that may be among the best.
 */
export function nearestOptions(
  request: PreparedRequest,
  { images, lines }: Pick<PlanBasis<ImageIndex>, 'images' | 'lines'>,
  most: number,
): readonly Option[] {
  const search = new Search(request, lines, most);
  images.descend(request.machine, request.dag, search);
  return search.options();
}

class Search implements TrieVisitor<KnownImage> {
  readonly worth: ArrayLike<number>;
  readonly #request: PreparedRequest;
  readonly #lines: LineReports;
  readonly #most: number;
  readonly #leastStart: Readonly<Record<Start, number>>;
  readonly #nearest: Option[] = [];
  readonly #bestBy: Partial<Record<Start, Option>> = {};

  constructor(request: PreparedRequest, lines: LineReports, most: number) {
    const { prices } = request;
    this.worth = prices.ofGroup;
    this.#request = request;
    this.#lines = lines;
    this.#most = most;
    this.#leastStart = { restore: prices.leastStart('restore'), boot: prices.leastStart('boot') };
  }

  options(): readonly Option[] {
    const chosen = this.#nearest[0]?.start;
    return shortlist(this.#nearest, this.#bestBy[chosen === 'boot' ? 'restore' : 'boot'], this.#most);
  }

  /** Options with equal times still count: the tie is decided only after looking at them. */
  matters(mostWorth: number): boolean {
    const work = this.#request.prices.ofAll - mostWorth;
    return STARTS.some((start) => work + this.#leastStart[start] <= this.#limit(start));
  }

  visit(images: readonly KnownImage[], worth: number, isExact: boolean): void {
    if (!this.matters(worth)) return;
    const work = this.#request.prices.ofAll - worth;
    let matches: boolean | undefined = isExact || undefined;
    for (const option of images.flatMap((image) => this.#optionsOf(image, work))) {
      matches ??= this.#matches(option.image, images.length);
      if (!matches) return;
      this.#keep(option);
    }
  }

  #matches(image: KnownImage, alike: number): boolean {
    const verdict = matchHistory(this.#request.dag, digestsOf(image));
    if (!verdict.matches && !verdict.decided) this.#request.gaveUp?.(alike);
    return verdict.matches;
  }

  #optionsOf(image: KnownImage, work: number): readonly Option[] {
    const { machine, prices, fresh = NEVER_STALE } = this.#request;
    if (staleEntry(image, fresh)) return [];
    return waysToStart(machine, image, this.#lines)
      .map((way) => optionOf(image, way, { prices, work }))
      .filter(({ start, expectedMicros }) => expectedMicros <= this.#limit(start));
  }

  /** Returns the time above which an option can be neither among the nearest nor the best of its start. */
  #limit(start: Start): number {
    const last = this.#nearest[this.#most - 1]?.expectedMicros ?? Number.POSITIVE_INFINITY;
    const best = this.#bestBy[start]?.expectedMicros ?? Number.POSITIVE_INFINITY;
    return Math.max(last, best);
  }

  #keep(option: Option): void {
    const best = this.#bestBy[option.start];
    if (!best || compareOptions(option, best) < 0) this.#bestBy[option.start] = option;
    const after = this.#nearest.findIndex((other) => compareOptions(option, other) < 0);
    this.#nearest.splice(after < 0 ? this.#nearest.length : after, 0, option);
    this.#nearest.splice(this.#most);
  }
}

export interface PricedWork {
  readonly prices: Prices;
  /** The expected time of the remaining actions, in microseconds. */
  readonly work: number;
}

export function optionOf(image: KnownImage, way: Way, { prices, work }: PricedWork): Option {
  const startMicros = prices.start(way, image);
  return { image, ...way, startMicros, expectedMicros: startMicros + work };
}

const digestsOf = ({ manifest }: KnownImage): readonly string[] => manifest.history.map(({ digest }) => digest);
