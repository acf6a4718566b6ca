/**
 * Checks the law of true reuse: makes the guest of one DAG in every way that the plant has (cold; restored from an
 * image of each beginning; booted from the disk of each; on each line), and compares the guests.
 */
import type { LineReports } from '@vmgrid/bidding';
import { prepareDag, splitReusable } from '@vmgrid/dag';
import {
  type BuildImageRequest,
  type EqualityReport,
  GridError,
  type Identified,
  type LineName,
} from '@vmgrid/protocol';
import { type GoldenImage, newWorkName, type Warehouse } from '@vmgrid/warehouse';
import type { PlantConfig } from '../config.ts';
import { IDENTITY_ATTRIBUTE } from '../configuration/configuration.ts';
import type { Execution } from '../creation/execute-plan.ts';
import { type TemporaryMachineDeps, withTemporaryMachine } from '../creation/temporary-machine.ts';
import type { ImageBuilder } from '../images/image-builder.ts';
import { compareLines, compareManifests } from './compare-manifests.ts';
import { type GuestManifest, keyOf, LOOK_DEADLINE_MS, manifestOf } from './guest-manifest.ts';
import { removeOwnImages } from './own-images.ts';
import { beginnings, coldFor, type EqualityWay, isCold, lostBy, standardOf, waysWith } from './ways.ts';

export interface EqualityCheckDeps extends TemporaryMachineDeps {
  readonly warehouse: TemporaryMachineDeps['warehouse'] & Pick<Warehouse, 'inventory' | 'claims' | 'remove'>;
  readonly imageBuilder: Pick<ImageBuilder, 'build'>;
  readonly lines: LineReports;
}

type Asked = Identified<BuildImageRequest>;

interface ImagesWanted {
  readonly asked: Asked;
  readonly lines: ReadonlySet<LineName>;
  /** As a manifest has it. */
  readonly madeFor: string;
}

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
   * Builds what images of beginnings are missing, for itself alone, and removes them again. Actions that run for each
   * machine are left out. @throws GridError SECRET_IN_IMAGE, NO_IMAGE, a decline, or what failed on the way; nothing
   * is left of the machines.
   */
  async check(whole: Asked, signal: AbortSignal): Promise<EqualityReport> {
    const { reusable, own } = splitReusable(whole.dag);
    const asked = { ...whole, dag: reusable };
    const use = newWorkName();
    try {
      const cold = await this.#coldWays(asked);
      const images = await this.#images({ asked, lines: new Set(cold.map(({ line }) => line)), madeFor: use }, signal);
      const reuse = images.flatMap((image) => waysWith(image, withIndex(asked), this.#deps.lines));
      const ways = [...coldFor(reuse, cold), ...reuse];
      const manifests = new Map<EqualityWay, GuestManifest>();
      for (const way of ways) manifests.set(way, await this.#guestBy(way, asked, signal));
      return {
        plantId: this.#config.plantId,
        leftOut: [...own],
        ways: ways.map(({ name, line, start, cached }) => ({ name, line, start, cached })),
        lost: lostBy(images),
        differences: ways.flatMap((way) => differencesOf(way, ways, manifests)),
      };
    } finally {
      await removeOwnImages((one) => one === use, this.#deps);
    }
  }

  /** With each base on each line. @throws GridError NO_IMAGE */
  async #coldWays(asked: Asked): Promise<readonly EqualityWay[]> {
    const bases = [...(await this.#deps.warehouse.inventory.images()).values()].filter(isCold);
    const cold = bases.flatMap((base) => waysWith(base, withIndex(asked), this.#deps.lines));
    if (cold.length === 0) {
      const message = 'no base image can become this machine on any line here (`vmgrid explain` says why)';
      throw new GridError('NO_IMAGE', message);
    }
    return cold;
  }

  /** Returns the images of each beginning, built on each line. */
  async #images({ asked, lines, madeFor }: ImagesWanted, signal: AbortSignal): Promise<readonly GoldenImage[]> {
    const images = new Map<string, GoldenImage>();
    for (const line of lines) {
      for (const dag of beginnings(asked.dag)) {
        const order = { ...asked, machine: { ...asked.machine, line }, dag };
        const { image } = await this.#deps.imageBuilder.build(order, signal, { givesWay: false, madeFor });
        images.set(image.manifest.id, image);
      }
    }
    return [...images.values()];
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
    const { createdAt } = (await warehouse.inventory.image(image.manifest.base)).manifest;
    const manifest = new Map(await manifestOf(guest, Date.parse(createdAt), { ms: LOOK_DEADLINE_MS, signal, clock }));
    for (const [name, text] of Object.entries(configuration.attributes)) {
      if (name !== IDENTITY_ATTRIBUTE) manifest.set(keyOf('attribute', name), text);
    }
    for (const id of configuration.failedActions) manifest.set(keyOf('action', id), 'failed');
    return manifest;
  }
}

const withIndex = (asked: Asked) => ({ ...asked, index: prepareDag(asked.dag) });

/** Against the machine that was made cold of the same base on the same line; of those that were, against the first. */
function differencesOf(
  way: EqualityWay,
  ways: readonly EqualityWay[],
  manifests: ReadonlyMap<EqualityWay, GuestManifest>,
): EqualityReport['differences'] {
  const standard = standardOf(way, ways);
  const compare = standard.line === way.line ? compareManifests : compareLines;
  const found = compare(manifests.get(standard)!, manifests.get(way)!);
  return found.slice(0, DIFFERENCES_TOLD).map((difference) => ({ way: way.name, ...difference }));
}
