/** Gathers everything that an offer depends on, and leaves the offer to the pure functions of `bidding`. */
import {
  type Admission,
  type Asked,
  choosePlan,
  dagRefusal,
  declineOf,
  drainingRefusal,
  expiryOf,
  explainRequest,
  heldBid,
  ImageIndex,
  type LineReports,
  makeOffer,
  type OfferRest,
  PublishedSets,
  planOfVm,
  plantAd,
  refusalOf,
  summarizePlan,
  type Wanted,
} from '@vmgrid/bidding';
import type { ClassAd, Expression } from '@vmgrid/classad';
import { type Clock, runInSlices } from '@vmgrid/daemon';
import type { Dag } from '@vmgrid/dag';
import {
  type Called,
  type ClassAdJson,
  GridError,
  type ImageSetReply,
  type ImageSetRequest,
  type MachineSpec,
  type Offer,
  type PlanSummary,
  type PlantExplanation,
  type PlantSnapshot,
  parseDuration,
} from '@vmgrid/protocol';
import type { ImageInventory } from '@vmgrid/warehouse';
import type { PlantConfig } from '../config.ts';
import type { HostActions } from '../configuration/host-actions.ts';
import type { LearntDurations } from '../creation/durations.ts';
import type { OwnFailures } from '../creation/own-failures.ts';
import type { DestroyedVms } from '../vms/destroyed-vms.ts';
import type { ExecutablePlan } from './executable-plan.ts';

/** Milliseconds for which an explanation may hold the thread. */
const EXPLAIN_SLICE_MS = 5;

export interface BidServiceDeps {
  readonly warehouse: { readonly inventory: Pick<ImageInventory, 'images'> };
  readonly admission: Admission;
  readonly durations: LearntDurations;
  readonly destroyedVms: Pick<DestroyedVms, 'forgottenUntil'>;
  readonly hostActions: Pick<HostActions, 'names'>;
  readonly clock: Clock;
  /** Load average of the host over the last minute. */
  readonly loadAverage: () => number;
  readonly lines: LineReports;
  readonly cost: Expression;
  readonly failures: OwnFailures;
  readonly version: string;
}

interface MachineRequest {
  readonly machine: MachineSpec;
  readonly dag: Dag;
}

export class BidService {
  readonly #deps: BidServiceDeps;
  readonly #config: PlantConfig;
  readonly #index = new ImageIndex();
  readonly #sets = new PublishedSets();
  #draining = false;

  constructor(deps: BidServiceDeps, config: PlantConfig) {
    this.#deps = deps;
    this.#config = config;
  }

  /** Declines every request from now on. */
  close(): void {
    this.#draining = true;
  }

  async offer(request: Called<Wanted>): Promise<Offer> {
    const inventory = await this.#deps.warehouse.inventory.images();
    const plant = await this.snapshot();
    const leaseMaxMs = parseDuration(this.#config.lease.maximum);
    const { admission } = this.#deps;
    return makeOffer(request, {
      plantId: this.#config.plantId,
      now: this.#deps.clock.now(),
      bidValidityMs: parseDuration(this.#config.bidValidity),
      ad: plantAd(plant),
      cost: this.#deps.cost,
      images: this.#index.follow(inventory),
      lines: this.#deps.lines,
      durations: this.#deps.durations,
      refusal: () =>
        refusalOf(request, { plant, leaseMaxMs }) ??
        admission.ownerRefusal({ ...request.machine, owner: request.caller?.owner }) ??
        admission.hostRefusal(request.machine),
    });
  }

  /** Offers the VM that was made for this request earlier. */
  offerHeld(vm: ClassAdJson): Promise<Offer> {
    return this.#offerOwn(planOfVm(vm));
  }

  /** Offers the VM that is being made for this request, as it would be made now. */
  async offerTaken(request: Wanted): Promise<Offer> {
    try {
      return await this.#offerOwn(summarizePlan(await this.plan(request)));
    } catch (error) {
      if (error instanceof GridError) return declineOf(this.#config.plantId, error);
      throw error;
    }
  }

  async #offerOwn(plan: PlanSummary): Promise<Offer> {
    const { plantId, bidValidity } = this.#config;
    const bidValidityMs = parseDuration(bidValidity);
    return heldBid(plan, { plantId, now: this.#deps.clock.now(), bidValidityMs, ad: await this.ad() });
  }

  /**
   * Returns the best plan for a machine that already has its place, also with the images that were made for `use`
   * alone.
   *
   * @throws GridError LINE_UNAVAILABLE, NO_IMAGE
   */
  async plan(request: MachineRequest, lines = this.#deps.lines, use?: string): Promise<ExecutablePlan> {
    const inventory = await this.#deps.warehouse.inventory.images(use);
    const images = use === undefined ? this.#index.follow(inventory) : ImageIndex.of(inventory.values());
    const { durations, clock } = this.#deps;
    const plan = choosePlan(request, { now: clock.now(), images, lines, durations, refusal: () => undefined });
    return { ...plan, image: inventory.get(plan.image.manifest.id)! };
  }

  /** Explains the plan for a machine. It looks at every image, and lets bids run in between. */
  async explain(
    { top, ...request }: MachineRequest & { readonly top: number },
    signal: AbortSignal,
  ): Promise<PlantExplanation> {
    const images = await this.#deps.warehouse.inventory.images();
    const { lines, durations, clock } = this.#deps;
    const steps = explainRequest(
      { ...request, now: clock.now() },
      { images: images.values(), lines, durations },
      { top },
    );
    const explanation = await runInSlices(steps, { sliceMs: EXPLAIN_SLICE_MS, signal }, clock);
    return { plantId: this.#config.plantId, ...explanation };
  }

  /** Returns why the plant does not accept DAGs of this length. */
  dagRefusal(...dags: readonly (Dag | undefined)[]): GridError | undefined {
    return dagRefusal(this.#deps.admission.capacity, ...dags);
  }

  /** Returns why the plant accepts no work now. */
  refusal(): GridError | undefined {
    return drainingRefusal({ draining: this.#draining, plantId: this.#config.plantId });
  }

  /** Returns why a request that the plant does not know may not be new. */
  expiry(requestId: string): GridError | undefined {
    const { destroyedVms, clock } = this.#deps;
    return expiryOf(
      requestId,
      { plantId: this.#config.plantId, forgottenUntil: destroyedVms.forgottenUntil },
      clock.now(),
    );
  }

  async ad(): Promise<ClassAd> {
    return plantAd(await this.snapshot());
  }

  /**
   * Returns what others need to compute the plant's offers, besides learnt durations and known and forgotten requests;
   * or the reason why they must ask.
   */
  async offerRest(): Promise<OfferRest | Asked> {
    const { warehouse, durations } = this.#deps;
    const { cost, bidValidity, lease, standingOffers } = this.#config;
    if (!standingOffers) return { askedBecause: 'its configuration says so' };
    return {
      plant: await this.snapshot(),
      cost,
      bidValidityMs: parseDuration(bidValidity),
      leaseMaxMs: parseDuration(lease.maximum),
      images: this.#sets.digestOf(await warehouse.inventory.images()),
      least: durations.allLeast(),
    };
  }

  async imageSet(request: ImageSetRequest): Promise<ImageSetReply> {
    this.#sets.digestOf(await this.#deps.warehouse.inventory.images());
    return this.#sets.page(request);
  }

  async snapshot(): Promise<PlantSnapshot> {
    const { admission, lines, hostActions, warehouse, version, loadAverage } = this.#deps;
    return {
      plantId: this.#config.plantId,
      version,
      capacity: admission.capacity,
      usage: admission.lastingUsage,
      lines: [...lines.values()],
      loadAverage: loadAverage(),
      guestNetwork: this.#config.guestNetwork,
      hostActions: [...(await hostActions.names())],
      imageCount: (await warehouse.inventory.images()).size,
      draining: this.#draining,
      failures: this.#deps.failures.note ?? null,
    };
  }
}
