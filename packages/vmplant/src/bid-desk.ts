/** Gathers what an offer depends on, then leaves the offer to the pure functions of `bidding`. */
import {
  type Admission,
  choosePlan,
  type Durations,
  explainRequest,
  heldBid,
  ImageIndex,
  type LineReports,
  makeOffer,
  type Plan,
  plantAd,
} from '@vmgrid/bidding';
import type { ClassAd, Expression } from '@vmgrid/classad';
import { type Clock, runInSlices } from '@vmgrid/daemon';
import type { Dag } from '@vmgrid/dag';
import {
  type ClassAdJson,
  GridError,
  type MachineSpec,
  type Offer,
  type PlantExplanation,
  parseDuration,
} from '@vmgrid/protocol';
import type { PlantConfig } from './config.ts';
import { type HostActions, hostActionNames } from './host-actions.ts';
import type { OwnFailures } from './own-failures.ts';
import type { GoldenImage } from './warehouse/manifest.ts';
import type { Warehouse } from './warehouse/store.ts';

/** How long an explanation may keep everything else waiting. */
const EXPLAIN_SLICE_MS = 5;

export interface BidDeskDeps {
  readonly warehouse: Pick<Warehouse, 'images'>;
  readonly admission: Admission;
  readonly durations: Durations;
  readonly hostActions: Pick<HostActions, 'names' | 'requireAll'>;
  readonly clock: Clock;
  /** Of the host, over the last minute. */
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

/** A plan whose image is at hand, so that it can be carried out. */
export interface WarehousePlan extends Plan {
  readonly image: GoldenImage;
}

export class BidDesk {
  readonly #deps: BidDeskDeps;
  readonly #config: PlantConfig;
  readonly #index = new ImageIndex();
  #draining = false;

  constructor(deps: BidDeskDeps, config: PlantConfig) {
    this.#deps = deps;
    this.#config = config;
  }

  /** From now on everything is declined. */
  close(): void {
    this.#draining = true;
  }

  async offer(request: MachineRequest & { readonly destruction?: Dag | undefined }): Promise<Offer> {
    const inventory = await this.#deps.warehouse.images();
    const missing = await this.#missingHostActions(request);
    return makeOffer(request, {
      plantId: this.#config.plantId,
      now: this.#deps.clock.now(),
      bidValidityMs: parseDuration(this.#config.bidValidity),
      ad: await this.ad(),
      cost: this.#deps.cost,
      images: this.#index.follow(inventory),
      lines: this.#deps.lines,
      durations: this.#deps.durations,
      refusal: (machine) => this.refusal() ?? missing ?? this.#deps.admission.refusal(machine),
    });
  }

  /** Offers the VM that was made of this very request before. */
  async offerHeld(vm: ClassAdJson): Promise<Offer> {
    const { plantId, bidValidity } = this.#config;
    const bidValidityMs = parseDuration(bidValidity);
    return heldBid(vm, { plantId, now: this.#deps.clock.now(), bidValidityMs, ad: await this.ad() });
  }

  /** The best plan for a machine that has its place already. @throws GridError LINE_UNAVAILABLE, NO_IMAGE */
  async plan(request: MachineRequest): Promise<WarehousePlan> {
    const inventory = await this.#deps.warehouse.images();
    const images = this.#index.follow(inventory);
    const { lines, durations } = this.#deps;
    const plan = choosePlan(request, { images, lines, durations, refusal: () => undefined });
    return { ...plan, image: inventory.get(plan.image.manifest.id)! };
  }

  /** Why the plan for a machine would be what it is. Looks at every image, but lets bids pass between. */
  async explain(
    { top, ...request }: MachineRequest & { readonly top: number },
    signal: AbortSignal,
  ): Promise<PlantExplanation> {
    const images = await this.#deps.warehouse.images();
    const { lines, durations, clock } = this.#deps;
    const steps = explainRequest(request, images.values(), lines, durations, { top });
    const explanation = await runInSlices(steps, { sliceMs: EXPLAIN_SLICE_MS, signal }, clock);
    return { plantId: this.#config.plantId, ...explanation };
  }

  /** Why the plant takes no work at all now. */
  refusal(): GridError | undefined {
    return this.#draining ? new GridError('DRAINING', `the plant ${this.#config.plantId} is shutting down`) : undefined;
  }

  async ad(): Promise<ClassAd> {
    const { admission, lines, hostActions, warehouse, version, loadAverage } = this.#deps;
    return plantAd({
      plantId: this.#config.plantId,
      version,
      capacity: admission.capacity,
      usage: admission.usage,
      lines: [...lines.values()],
      loadAverage: loadAverage(),
      guestNetwork: this.#config.guestNetwork,
      hostActions: await hostActions.names(),
      imageCount: (await warehouse.images()).size,
      draining: this.#draining,
      failures: this.#deps.failures.note,
    });
  }

  async #missingHostActions({
    dag,
    destruction,
  }: {
    dag: Dag;
    destruction?: Dag | undefined;
  }): Promise<GridError | undefined> {
    const names = hostActionNames(dag, destruction);
    if (names.length === 0) return undefined;
    return this.#deps.hostActions.requireAll(names).then(
      () => undefined,
      (error) => GridError.from(error),
    );
  }
}
