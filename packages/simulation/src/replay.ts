/**
 * Carries recorded requests out again in a simulated grid, at their own times: with another cost, other brokers, other
 * plants.
 */
import { digestAction } from '@vmgrid/dag';
import type { CreateRequest, ReplayableImage, ReplayableRequest, RequestExport } from '@vmgrid/protocol';
import type { GoldenImage } from '@vmgrid/warehouse';
import { Grid, type GridPlan, numbered } from './grid.ts';
import type { PlantNode } from './plant/plant-node.ts';
import { actionTaking } from './plant/virtual-guest.ts';
import { ProgressReporter, type ReportProgress } from './progress.ts';
import { virtualImage } from './scenario.ts';

export type Recording = Pick<RequestExport, 'requests' | 'images'>;

export interface ReplayOptions {
  readonly seed: string;
  readonly cost: string;
  readonly plants: number;
  readonly memoryMiB: number;
  readonly brokers: readonly number[];
  /** How long each VM is kept. */
  readonly keepSeconds: number;
}

export interface ReplayOutcome {
  readonly cost: string;
  readonly requests: number;
  readonly made: number;
  readonly refused: number;
  /** From the request to the answer, in seconds; undefined when nothing was made. */
  readonly readyP50: number | undefined;
  readonly readyP95: number | undefined;
  /** Share of the VMs whose image spared them an action. */
  readonly hitRate: number;
  /**
   * Standard deviation of the plants' shares of used memory, as the mean over the moments when a VM became ready; 0 is
   * even.
   */
  readonly unevenness: number;
}

const DEFAULT_ACTION_SECONDS = 1;
const DEFAULT_START_MS = { boot: 9_000, restore: 150, resume: 150 };
const VMS = 4_096;
const JOIN_MS = 2_000;
const CREATIONS = 4;
/** Time after the last request: longer than any client goes on asking. */
const REST_MS = 900_000;

/** `report` is told how far the replay is. */
export async function replay(
  recording: Recording,
  options: ReplayOptions,
  report: ReportProgress = () => undefined,
): Promise<ReplayOutcome> {
  const progress = new ProgressReporter({ name: `cost ${options.cost}`, requests: recording.requests.length }, report);
  progress.enter(`${options.plants} plants are started`);
  const unevenness: number[] = [];
  const grid = new Grid({ ...planOf(recording, options), ready: (plants) => unevenness.push(deviationOf(plants)) });
  progress.follow(grid);
  const actions = new RecordedActions(recording.requests);
  const firstAt = Math.min(...recording.requests.map(({ at }) => at));
  const lastAt = Math.max(...recording.requests.map(({ at }) => at));
  grid.start();
  for (const [index, request] of recording.requests.entries()) {
    const work = actions.workOf(request);
    grid.world.schedule(JOIN_MS + request.at - firstAt, () => void grid.client.ask(`request-${index + 1}`, work));
  }
  progress.enter('requests come');
  await grid.world.run(JOIN_MS + lastAt - firstAt + REST_MS, () => progress.afterEvent());
  const outcomes = [...grid.ledger.requests.values()];
  const made = outcomes.filter((outcome) => outcome.kind === 'made');
  const ready = made.map(({ readyMs }) => readyMs / 1_000).sort((a, b) => a - b);
  return {
    ...{ cost: options.cost, requests: outcomes.length, made: made.length, refused: outcomes.length - made.length },
    ...{ readyP50: quantile(ready, 0.5), readyP95: quantile(ready, 0.95) },
    hitRate: made.length === 0 ? 0 : made.filter(({ cached }) => cached).length / made.length,
    unevenness: mean(unevenness),
  };
}

/**
 * Replacements for actions of which only the digest is known: the same digest gives the same action, another digest
 * another.
 */
class RecordedActions {
  readonly #secondsOf: ReadonlyMap<string, number>;

  constructor(requests: readonly ReplayableRequest[]) {
    const measured = requests.flatMap(({ actions }) => actions).filter(({ seconds }) => seconds !== undefined);
    const byDigest = Map.groupBy(measured, ({ digest }) => digest);
    this.#secondsOf = new Map([...byDigest].map(([digest, all]) => [digest, mean(all.map(({ seconds }) => seconds!))]));
  }

  workOf({ machine, actions, edges }: ReplayableRequest): Pick<CreateRequest, 'machine' | 'dag'> {
    const { line: _, ...hardware } = machine;
    const named = edges.map(({ from, to }) => ({ from: actions[from]!.id, to: actions[to]!.id }));
    return {
      machine: hardware,
      dag: { actions: actions.map(({ id, digest }) => this.#action(id, digest)), edges: named },
    };
  }

  digestFor(digest: string): string {
    return digestAction(this.#action('recorded', digest));
  }

  #action(id: string, digest: string) {
    return actionTaking(id, (this.#secondsOf.get(digest) ?? DEFAULT_ACTION_SECONDS) * 1_000, digest);
  }
}

function planOf({ requests, images }: Recording, options: ReplayOptions): GridPlan {
  const { seed, cost, brokers, plants, memoryMiB, keepSeconds } = options;
  const starts = measuredStarts(requests);
  const capacity = { memoryMiB, diskMiB: 1_000_000_000, cpusPerVm: 1_024, vms: VMS };
  return {
    ...{
      seed,
      cost,
      brokers,
      offers: 'asked',
      shops: 1,
      concurrentCreations: CREATIONS,
      network: { lossRate: 0, repeatRate: 0 },
    },
    plants: numbered('plant', plants).map((plantId) => ({ plantId, capacity })),
    images: warehouseOf(requests, images),
    machines: {
      ...{ failureRate: 0, actionFailureRate: 0, hangRate: 0, jitter: 0 },
      startMs: (start, imageId) => starts.get(`${start} ${imageId}`) ?? starts.get(start) ?? DEFAULT_START_MS[start],
    },
    client: {
      ...{ destroyRate: 1, suspendRate: 0, lease: 'P7D', deeds: { most: 0, everyMs: 0 } },
      keepMs: () => keepSeconds * 1_000,
    },
  };
}

/** Returns the mean milliseconds of each kind of start, for each image and for all. */
function measuredStarts(requests: readonly ReplayableRequest[]): ReadonlyMap<string, number> {
  const measured = requests.flatMap(({ start, imageId, phasesMs }) => {
    const ms = (phasesMs[start] ?? 0) + (phasesMs.agent ?? 0);
    return [`${start} ${imageId}`, start].map((key) => ({ key, ms }));
  });
  const byKey = Map.groupBy(measured, ({ key }) => key);
  return new Map([...byKey].map(([key, all]) => [key, mean(all.map(({ ms }) => ms))]));
}

/** Returns the named images, and a base of each operating system. */
function warehouseOf(requests: readonly ReplayableRequest[], images: readonly ReplayableImage[]) {
  const actions = new RecordedActions(requests);
  const systems = [...new Set(requests.map(({ machine }) => machine.os))];
  const bases = systems.map((os) => virtualImage(`base-${os}`, { os, memoryMiB: undefined, diskMiB: 64 }, []));
  const golden = images.map(({ imageId, machine, suspended, history }) => {
    const { os, memoryMiB, diskMiB } = machine;
    const digests = history.map(({ digest }) => actions.digestFor(digest));
    return virtualImage(imageId, { os, diskMiB, memoryMiB: suspended ? memoryMiB : undefined }, digests);
  });
  return new Map([...bases, ...golden].map((image): [string, GoldenImage] => [image.manifest.id, image]));
}

function deviationOf(plants: readonly PlantNode[]): number {
  const shares = plants.map(({ host, capacity }) => {
    const used = [...host.running.values()].reduce((sum, { machine }) => sum + machine.memoryMiB, 0);
    return used / capacity.memoryMiB;
  });
  const middle = mean(shares);
  return Math.sqrt(mean(shares.map((share) => (share - middle) ** 2)));
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;

const quantile = (sorted: readonly number[], share: number): number | undefined =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
