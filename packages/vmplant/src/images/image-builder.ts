/**
 * Builds golden images: clones the nearest image, runs the remaining actions, suspends the machine, and promotes it.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { hardwareFor, type LineReports, type Start } from '@vmgrid/bidding';
import { within } from '@vmgrid/daemon';
import { type Action, digestAction, identityReads, splitReusable } from '@vmgrid/dag';
import type { FrozenFiles } from '@vmgrid/lines';
import { type BuildImageRequest, GridError, type Identified, late, parseDuration, requestKey } from '@vmgrid/protocol';
import type { GoldenImage, ImageBuildStore, ManifestDraft } from '@vmgrid/warehouse';
import { imageIdOf, keepChainShort } from '@vmgrid/warehouse';
import type { ExecutablePlan } from '../bids/executable-plan.ts';
import type { PlantConfig } from '../config.ts';
import { afterRestart, type Configuration } from '../configuration/configuration.ts';
import type { Execution } from '../creation/execute-plan.ts';
import { type DurationBook, learnFrom } from '../creation/learn.ts';
import {
  type TemporaryMachineDeps,
  type TemporaryMaking,
  withTemporaryMachine,
} from '../creation/temporary-machine.ts';

export interface ImageBuilderDeps extends TemporaryMachineDeps {
  readonly warehouse: ImageBuildStore;
  readonly durations: DurationBook;
  readonly lines: LineReports;
  /** The best plan on one of these lines, also with the images that were made for `use` alone. */
  readonly plan: (
    request: Pick<BuildImageRequest, 'machine' | 'dag'>,
    lines: LineReports,
    use?: string,
  ) => Promise<ExecutablePlan>;
}

export interface BuiltImage {
  readonly image: GoldenImage;
  readonly built: boolean;
  /** Ids of the actions that no image may hold. */
  readonly leftOut: readonly string[];
}

/** A plant id has at most 64 characters; both fit into the manifest's field. */
const HOST_NAME_CHARS = 63;
const SUSPEND_DEADLINE_MS = 120_000;

export interface BuildOptions {
  /** Nobody requested it, so its resources are free for any request. */
  readonly givesWay: boolean;
  /** The one use that an image is for which is not there yet; left out, it is for all. */
  readonly madeFor?: string;
}

/** The order of a build: only actions that an image may hold. */
interface BuildOrder extends Identified<BuildImageRequest>, BuildOptions {
  /** As in `imageIdOf`. */
  readonly lifetimes: readonly number[];
}

type ImageMaking = TemporaryMaking<BuildOrder, ExecutablePlan>;
/** The future image, known before anything is made. */
type PlannedImage = Pick<ImageMaking, 'request' | 'plan'>;

export class ImageBuilder {
  readonly #deps: ImageBuilderDeps;
  readonly #config: PlantConfig;

  constructor(deps: ImageBuilderDeps, config: PlantConfig) {
    this.#deps = deps;
    this.#config = config;
  }

  /**
   * Builds the image unless it exists. When somebody else is making it, here or on another plant of the warehouse,
   * waits for that one. The image has the part of the DAG that an image may hold (`splitReusable`). It is suspended if
   * the line can suspend, otherwise it is only a disk; a request without a line is built on one that can suspend, if
   * there is one.
   * @throws GridError SECRET_IN_IMAGE, a decline, or the failure of a step; then nothing is left
   */
  async build(
    whole: Identified<BuildImageRequest>,
    signal: AbortSignal,
    options: BuildOptions = { givesWay: false },
  ): Promise<BuiltImage> {
    const { reusable, own: leftOut } = splitReusable(whole.dag);
    refuseSecrets(reusable.actions);
    this.#warn(whole);
    const lifetimes = lifetimesOf(reusable.actions, this.#deps.clock.now());
    return { ...(await this.#buildReusable({ ...whole, dag: reusable, lifetimes, ...options }, signal)), leftOut };
  }

  #warn(request: Identified<BuildImageRequest>): void {
    const at = new Date(this.#deps.clock.now()).toISOString();
    for (const { action, reads } of identityReads(request.dag)) {
      const subject = `${action} seems to read ${reads}: mark it perMachine if it keeps that`;
      this.#deps.report({ ...requestKey(request), at, phase: 'warning', subject, state: 'done' });
    }
  }

  async #buildReusable(request: BuildOrder, signal: AbortSignal): Promise<Omit<BuiltImage, 'leftOut'>> {
    const { warehouse } = this.#deps;
    for (;;) {
      const plan = await this.#deps.plan(request, linesToBuildOn(request, this.#deps.lines), request.madeFor);
      if (plan.remaining.length === 0 && plan.start === this.#quickestStart(plan))
        return { image: plan.image, built: false };
      const imageId = this.#imageIdOf({ request, plan });
      const staging = await warehouse.claims.claim(imageId);
      if (staging) return { image: await this.#build({ request, plan, staging, signal }), built: true };
      const image = await warehouse.claims.awaitClaimed(imageId, signal);
      if (image) return { image, built: false };
    }
  }

  #build(planned: Pick<ImageMaking, 'request' | 'plan' | 'staging' | 'signal'>): Promise<GoldenImage> {
    const { machine, givesWay } = planned.request;
    const build = { ...planned, machine, givesWay, purpose: 'build' as const };
    return withTemporaryMachine(build, this.#deps, async (execution, making) => {
      refuseFailures(execution.configuration);
      const frozen = await this.#freeze(making, execution);
      learnFrom(making, execution.configuration, this.#deps.durations);
      return frozen;
    });
  }

  /** Returns the id of the image if every action runs in the planned order. */
  #imageIdOf(planned: PlannedImage): string {
    const { image, remaining } = planned.plan;
    const digests = remaining.map((action) => ({ digest: digestAction(action) }));
    const history = [...image.manifest.history, ...digests];
    return imageIdOf(this.#identity(planned, { history, suspended: this.#suspends(planned.plan) }));
  }

  /** A line that cannot suspend gives only a disk. */
  #suspends({ line }: ExecutablePlan): boolean {
    return this.#deps.lines.get(line)?.restores === true;
  }

  #quickestStart(plan: ExecutablePlan): Start {
    return this.#suspends(plan) ? 'restore' : 'boot';
  }

  async #freeze(making: ImageMaking, { machine, guest, configuration }: Execution): Promise<GoldenImage> {
    const { clock, execution, warehouse } = this.#deps;
    const { plan, staging, phases, signal } = making;
    const { directory } = staging;
    const suspended = this.#suspends(plan) ? 'memory' : 'disk';
    const silent = late('VMM_FAILED', 'the machine could not be frozen');
    const files = await within({ ms: SUSPEND_DEADLINE_MS, signal, clock, late: silent }, async (until) => {
      await phases.time('quiesce', () =>
        execution.configurator.quiesce({ machine, guest, phases, directory }, suspended, until),
      );
      return phases.time('freeze', () => machine.freeze(until));
    });
    return phases.time('promote', async () => {
      const parent = await this.#parentOf(making, files);
      return warehouse.claims.promote(staging, this.#draft(making, { parent, configuration, files }), signal);
    });
  }

  /** A raw disk has no parent, whatever it was cloned from. */
  async #parentOf({ plan, staging, signal }: ImageMaking, { disk, diskFormat }: FrozenFiles): Promise<GoldenImage> {
    if (diskFormat === 'raw') return plan.image;
    return keepChainShort(
      { parent: plan.image, disk: join(staging.directory, disk) },
      this.#deps.warehouse.inventory,
      signal,
    );
  }

  #draft(planned: PlannedImage, { parent, configuration, files }: FrozenMachine): ManifestDraft {
    const { image } = planned.plan;
    const { manifest } = image;
    const inherited = configuration.hasRestarted ? manifest.history.map(afterRestart) : manifest.history;
    const history = [...inherited, ...configuration.history];
    const { lifetimes, ...identity } = this.#identity(planned, { history, suspended: files.memory !== undefined });
    return {
      ...identity,
      id: imageIdOf({ ...identity, lifetimes }),
      createdAt: new Date(this.#deps.clock.now()).toISOString(),
      createdBy: `${this.#config.plantId}@${hostname().slice(0, HOST_NAME_CHARS)}`,
      parent: parent.manifest.id,
      ...(parent === image ? {} : { builtFrom: manifest.id }),
      boot: manifest.boot,
      disk: files.disk,
      diskFormat: files.diskFormat,
      ...(files.memory ? { memory: files.memory } : {}),
    };
  }

  #identity<Entry extends { readonly digest: string }>(
    { request, plan }: PlannedImage,
    { history, suspended }: { readonly history: Entry[]; readonly suspended: boolean },
  ) {
    const { lifetimes, madeFor } = request;
    const { line: _, ...machine } = request.machine;
    const compatibility = hardwareFor(this.#deps.lines.get(plan.line)!, plan.image.manifest, plan.start);
    return {
      ...{ machine, line: plan.line, base: plan.image.manifest.base, history, lifetimes },
      ...(suspended ? { compatibility } : {}),
      ...(madeFor === undefined ? {} : { madeFor }),
    };
  }
}

/** A machine that has ended, with the files of its image. */
interface FrozenMachine {
  readonly parent: GoldenImage;
  readonly configuration: Configuration;
  readonly files: FrozenFiles;
}

const lifetimesOf = (actions: readonly Action[], now: number): number[] =>
  actions.flatMap(({ freshness }) => (freshness === undefined ? [] : [Math.floor(now / parseDuration(freshness))]));

function refuseSecrets(actions: readonly Action[]): void {
  const secret = actions.find((action) => action.secret);
  if (!secret) return;
  throw new GridError('SECRET_IN_IMAGE', `the action ${secret.id} is secret: its text must not enter an image`, {
    actionId: secret.id,
  });
}

/** An image stands for actions that succeeded: an action that failed with `onError="continue"` cannot be in it. */
function refuseFailures({ failedActions }: Configuration): void {
  if (failedActions.length === 0) return;
  throw new GridError(
    'ACTION_FAILED',
    `${failedActions.join(', ')} failed: an image stands for actions that succeeded`,
    {
      actionIds: failedActions,
    },
  );
}

/** The fastest start does not matter here: memory is what makes later clones fast. */
function linesToBuildOn({ machine }: Pick<BuildImageRequest, 'machine'>, lines: LineReports): LineReports {
  if (machine.line !== undefined) return lines;
  const suspending = [...lines].filter(([, { available, restores }]) => available && restores);
  return suspending.length === 0 ? lines : new Map(suspending);
}
