/** Asks the pure functions of this folder which images are missing, given what the plant remembers and has. */
import { join } from 'node:path';
import { type Durations, ImageIndex, type LineReports } from '@vmgrid/bidding';
import { type Clock, runInSlices } from '@vmgrid/daemon';
import { type Dag, digestAction } from '@vmgrid/dag';
import type { MachineSpec, PlantSuggestions } from '@vmgrid/protocol';
import type { GoldenImage, ImageInventory } from '@vmgrid/warehouse';
import { allocatedBytes, ownBytes } from '@vmgrid/warehouse';
import { SUGGEST_LIMITS } from './limits.ts';
import { type ReplaySummary, replayCases, summarizeReplay } from './replay.ts';
import { requestCases } from './request-case.ts';
import type { RequestLog } from './request-log.ts';
import { type ImageSize, SizeModel } from './size-model.ts';
import { type SuggestInput, type Suggestion, suggestImages } from './suggest.ts';
import type { TendedImages } from './tended-images.ts';

export interface AdvisorDeps {
  readonly requests: RequestLog;
  readonly tended: TendedImages;
  readonly warehouse: { readonly inventory: Pick<ImageInventory, 'images'> };
  readonly lines: LineReports;
  readonly durations: Durations;
  readonly clock: Clock;
}

/** An image to build without a request, and the reason. */
export interface Proposal {
  /** Identifies what is to be built. */
  readonly key: string;
  readonly machine: MachineSpec;
  readonly dag: Dag;
  readonly suggestion: Suggestion;
}

export interface ProposalRules {
  /** Bytes that all images built without a request may take together. */
  readonly quotaBytes: number;
  readonly minimumSavedSeconds: number;
  /** Whether a proposal has been tried before. */
  readonly tried: (key: string) => boolean;
}

/** Images suggested when no number is given. */
const TOP = 5;

export class Advisor {
  readonly #deps: AdvisorDeps;
  readonly #plantId: string;

  constructor(deps: AdvisorDeps, { plantId }: { readonly plantId: string }) {
    this.#deps = deps;
    this.#plantId = plantId;
  }

  /**
   * Returns the report for operators: suggestions, and the recorded history with and without them. @throws the reason
   * of the signal
   */
  async suggestions({ top = TOP }: { readonly top?: number }, signal: AbortSignal): Promise<PlantSuggestions> {
    const input = await this.#input(signal);
    const { suggestions, before, after } = await this.#inSlices(advise(input, top), signal);
    return {
      plantId: this.#plantId,
      requests: before.requests,
      suggestions: suggestions.map((suggestion) => ({
        machine: suggestion.machine,
        line: suggestion.line,
        actions: suggestion.actions.map(({ id, digest, kind }) => ({ id, digest, kind })),
        requests: suggestion.cases.reduce((sum, { count }) => sum + count, 0),
        savedSeconds: suggestion.savedSeconds,
        bytes: suggestion.bytes,
        buildable: this.#dagOf(suggestion) !== undefined,
      })),
      before: replayReply(before),
      after: replayReply(after),
    };
  }

  /** Returns the best image that the plant may and can build by itself. @throws the reason of the signal */
  async propose(rules: ProposalRules, signal: AbortSignal): Promise<Proposal | undefined> {
    const { quotaBytes, minimumSavedSeconds, tried } = rules;
    const bytes = quotaBytes - (await this.#tendedBytes());
    const limits = { count: SUGGEST_LIMITS.suggestions, bytes };
    const suggestions = await this.#inSlices(suggestImages(await this.#input(signal), limits), signal);
    for (const suggestion of suggestions) {
      const key = suggestion.image.manifest.history.map(({ digest }) => digest).join();
      const dag = this.#dagOf(suggestion);
      const { machine, savedSeconds } = suggestion;
      if (dag && savedSeconds >= minimumSavedSeconds && !tried(key)) return { key, machine, dag, suggestion };
    }
    return undefined;
  }

  async #input(signal: AbortSignal): Promise<SuggestInput> {
    const { requests, warehouse, lines, durations, clock } = this.#deps;
    const images = await warehouse.inventory.images();
    const recorded = await this.#inSlices(requests.requests(clock.now()), signal);
    return {
      cases: await this.#inSlices(requestCases(recorded, durations), signal),
      images: ImageIndex.of(images.values()),
      lines,
      sizes: new SizeModel(await suspendedSizes(images)),
    };
  }

  /** Bids and creations have their turn between the slices. */
  #inSlices<T>(steps: Generator<void, T>, signal: AbortSignal): Promise<T> {
    return runInSlices(steps, { sliceMs: SUGGEST_LIMITS.sliceMs, signal }, this.#deps.clock);
  }

  /** Returns the DAG to run: the actions of one of the requests, in the suggested order. */
  #dagOf({ actions, cases }: Suggestion): Dag | undefined {
    const { requests, clock } = this.#deps;
    for (const { shape } of cases) {
      const dag = requests.dagOf(shape, clock.now());
      if (!dag) continue;
      const byDigest = new Map(dag.actions.map((action) => [digestAction(action), action]));
      const chosen = actions.map(({ digest }) => byDigest.get(digest)!);
      return { actions: chosen, edges: chosen.slice(1).map(({ id }, at) => ({ from: chosen[at]!.id, to: id })) };
    }
    return undefined;
  }

  async #tendedBytes(): Promise<number> {
    const images = await this.#deps.warehouse.inventory.images();
    const sizes = await Promise.all(this.#deps.tended.among(images).map((id) => ownBytes(images.get(id)!)));
    return sizes.reduce((sum, bytes) => sum + bytes, 0);
  }
}

/**
 * Computes suggestions, and the recorded requests' times without and with them. The suggested images are added to those
 * of the input.
 */
function* advise(input: SuggestInput, count: number) {
  const { cases, images, lines } = input;
  const suggestions = yield* suggestImages(input, { count });
  const options = yield* replayCases(cases, images, lines);
  const served = cases.filter((_, at) => options[at] !== undefined);
  const before = summarizeReplay(
    served,
    options.filter((option) => option !== undefined),
  );
  for (const { image } of suggestions) images.add(image);
  const after = summarizeReplay(served, yield* replayCases(served, images, lines));
  return { suggestions, before, after };
}

const replayReply = ({ hits, meanSeconds }: ReplaySummary): PlantSuggestions['before'] => ({ hits, meanSeconds });

function suspendedSizes(images: ReadonlyMap<string, GoldenImage>): Promise<readonly ImageSize[]> {
  const suspended = [...images.values()].filter(({ manifest }) => manifest.memory && manifest.parent !== undefined);
  return Promise.all(suspended.slice(-SIZES_READ).map((image) => sizeOf(image, images)));
}

/** Images whose files are measured, to judge others by them. */
const SIZES_READ = 50;

async function sizeOf(
  { manifest, directory }: GoldenImage,
  images: ReadonlyMap<string, GoldenImage>,
): Promise<ImageSize> {
  const below = images.get(manifest.parent!)?.manifest.history.length ?? 0;
  return {
    memoryMiB: manifest.machine.memoryMiB,
    memoryBytes: await allocatedBytes(join(directory, manifest.memory!.memory)),
    diskBytes: await allocatedBytes(join(directory, manifest.disk)),
    ownActions: Math.max(0, manifest.history.length - below),
  };
}
