/**
 * Checks the law of true reuse: makes the guest of one DAG in every way that the plant has (cold; restored from an
 * image of each beginning; booted from the disk of each; on each line), and compares the guests.
 */
import type { LineReports } from '@vmgrid/bidding';
import { UndoStack } from '@vmgrid/daemon';
import { prepareDag, splitReusable } from '@vmgrid/dag';
import { type BuildImageRequest, type EqualityReport, GridError, type Identified } from '@vmgrid/protocol';
import type { GoldenImage, Warehouse } from '@vmgrid/warehouse';
import type { PlantConfig } from '../config.ts';
import { IDENTITY_ATTRIBUTE } from '../configuration/configuration.ts';
import type { Execution } from '../creation/execute-plan.ts';
import { takeBack } from '../creation/take-back.ts';
import { type TemporaryMachineDeps, withTemporaryMachine } from '../creation/temporary-machine.ts';
import type { ImageBuilder } from '../images/image-builder.ts';
import { compareManifests } from './compare-manifests.ts';
import { type GuestManifest, keyOf, LOOK_DEADLINE_MS, manifestOf } from './guest-manifest.ts';
import { beginnings, type EqualityWay, isCold, waysWith } from './ways.ts';

export interface EqualityCheckDeps extends TemporaryMachineDeps {
  readonly warehouse: TemporaryMachineDeps['warehouse'] & Pick<Warehouse, 'inventory' | 'claims' | 'remove'>;
  readonly imageBuilder: Pick<ImageBuilder, 'build'>;
  readonly lines: LineReports;
}

type Asked = Identified<BuildImageRequest>;

/** Most differences that are reported for one way; one of them is usually enough to find the cause. */
const DIFFERENCES_TOLD = 200;

export class EqualityCheck {
  readonly #deps: EqualityCheckDeps;
  readonly #config: PlantConfig;

  constructor(deps: EqualityCheckDeps, config: PlantConfig) {
    this.#deps = deps;
    this.#config = config;
  }

  /**
   * Builds what images of beginnings are missing, and removes them again. Actions that run for each machine are left
   * out. @throws GridError SECRET_IN_IMAGE, NO_IMAGE, a decline, or what failed on the way; nothing is left of the
   * machines.
   */
  async check(whole: Asked, signal: AbortSignal): Promise<EqualityReport> {
    const { reusable, own } = splitReusable(whole.dag);
    const asked = { ...whole, dag: reusable };
    const built = new UndoStack();
    const manifests = new Map<EqualityWay, GuestManifest>();
    try {
      const ways = await this.#ways(asked, built, signal);
      for (const way of ways) manifests.set(way, await this.#guestBy(way, asked, signal));
      return {
        plantId: this.#config.plantId,
        leftOut: [...own],
        ways: ways.map(({ name, line, start, cached }) => ({ name, line, start, cached })),
        differences: ways.flatMap((way) => differencesOf(way, ways, manifests)),
      };
    } finally {
      await takeBack(built, this.#deps.log, { requestId: whole.requestId });
    }
  }

  async #ways(asked: Asked, undo: UndoStack, signal: AbortSignal): Promise<readonly EqualityWay[]> {
    const { warehouse, lines, imageBuilder } = this.#deps;
    const wanted = { ...asked, index: prepareDag(asked.dag) };
    const bases = [...(await warehouse.inventory.images()).values()].filter(isCold);
    const cold = bases.flatMap((base) => waysWith(base, wanted, lines)).filter(isFirstOfLine);
    if (cold.length === 0) throw new GridError('NO_IMAGE', 'no base image can become this machine on any line here');
    const images = new Map<string, GoldenImage>();
    for (const line of cold.map((way) => way.line)) {
      for (const dag of beginnings(asked.dag)) {
        const machine = { ...asked.machine, line };
        const { image, built } = await imageBuilder.build({ ...asked, machine, dag }, signal);
        const { id } = image.manifest;
        if (built) undo.push('image', () => warehouse.remove(id));
        images.set(id, image);
      }
    }
    return [...cold, ...[...images.values()].flatMap((image) => waysWith(image, wanted, lines))];
  }

  /** Makes the machine, lists its guest, and ends it. */
  async #guestBy(way: EqualityWay, asked: Asked, signal: AbortSignal): Promise<GuestManifest> {
    const clone = {
      ...{ request: asked, signal, machine: asked.machine, plan: way, purpose: 'clone' as const },
      staging: await this.#deps.warehouse.claims.stage(),
    };
    return withTemporaryMachine(clone, this.#deps, (execution) => this.#look(execution, way.image, signal));
  }

  /** Returns the content of the guest, the attributes that its actions set, and the failed actions. */
  async #look({ guest, configuration }: Execution, image: GoldenImage, signal: AbortSignal): Promise<GuestManifest> {
    const { warehouse, clock } = this.#deps;
    const { createdAt } = (await warehouse.inventory.images()).get(image.manifest.base)!.manifest;
    const manifest = new Map(await manifestOf(guest, Date.parse(createdAt), { ms: LOOK_DEADLINE_MS, signal, clock }));
    for (const [name, text] of Object.entries(configuration.attributes)) {
      if (name !== IDENTITY_ATTRIBUTE) manifest.set(keyOf('attribute', name), text);
    }
    for (const id of configuration.failedActions) manifest.set(keyOf('action', id), 'failed');
    return manifest;
  }
}

const isFirstOfLine = ({ line }: EqualityWay, at: number, ways: readonly EqualityWay[]): boolean =>
  ways.findIndex((other) => other.line === line) === at;

/** Against the machine that was made cold on the same line; of those that were, against the first. */
function differencesOf(
  way: EqualityWay,
  ways: readonly EqualityWay[],
  manifests: ReadonlyMap<EqualityWay, GuestManifest>,
): EqualityReport['differences'] {
  const cold = ways.find((other) => isCold(other.image) && (isCold(way.image) || other.line === way.line))!;
  const found = compareManifests(manifests.get(cold)!, manifests.get(way)!);
  return found.slice(0, DIFFERENCES_TOLD).map((difference) => ({ way: way.name, ...difference }));
}
