/**
 * The VMShop: takes requests, holds auctions, awards, and asks the plants about the VMs that live there. It keeps no truth:
 * what it remembers is cache, and a shop that starts with nothing serves the same VMs.
 */

import { type Auction, award, failureOf, holdAuction, type MarketDeps, plantNeverAsked } from '@vmgrid/market';
import type {
  Bidder,
  BuildImageReply,
  BuildImageRequest,
  ClassAdJson,
  CollectImagesRequest,
  ConfigureRequest,
  DestroyRequest,
  EstimateReply,
  ExplainReply,
  Identified,
  ListReply,
  ListRequest,
  PlantListReply,
  ProgressEvent,
  QueryRequest,
  Trail,
  VerifyImagesRequest,
  VmReply,
} from '@vmgrid/protocol';
import { type BidderMethods, type CreateRequest, GridError } from '@vmgrid/protocol';
import { v7 as uuid } from 'uuid';
import type { ShopConfig } from './config.ts';
import { ImageCatalogue } from './image-catalogue.ts';
import type { Membership } from './membership.ts';
import type { Operation, Operations, OperationVerb } from './operations.ts';

/** How long a plant may take to answer what it knows by heart. */
const QUESTION_DEADLINE_MS = 10_000;

type Work<T> = (operation: Operation) => Promise<T>;

export class Shop {
  /** The golden images of all warehouses. */
  readonly images: ImageCatalogue;
  readonly #membership: Membership;
  readonly #operations: Operations;
  readonly #market: MarketDeps;
  readonly #config: ShopConfig;
  /** Which plant answered for a VM last. */
  readonly #plantOfVm = new Map<string, string>();
  #draining = false;

  constructor(
    deps: { readonly membership: Membership; readonly operations: Operations; readonly market: MarketDeps },
    config: ShopConfig,
  ) {
    this.#membership = deps.membership;
    this.#operations = deps.operations;
    this.#market = deps.market;
    this.#config = config;
    this.images = new ImageCatalogue(deps.membership, config);
  }

  /** Starts the creation of a VM, or joins the one of the same request id. The operation's result is a VmReply. */
  create(request: CreateRequest): Operation {
    return this.#begin('create', request, async (operation) => {
      const identified = { ...request, requestId: operation.requestId };
      const auction = await this.#holdAuction(identified, operation);
      const { plantId, ad, trail } = await award(
        auction,
        (bid) => this.#callToEnd(bid.plantId, 'create', identified),
        this.#market,
        { attempts: this.#config.awardAttempts },
      );
      return this.#vmReply(plantId, ad, operation.requestId, trail);
    });
  }

  /** The auction without the award. */
  async estimate(request: CreateRequest): Promise<EstimateReply> {
    this.#refuseWhenDraining();
    const identified = identify(request);
    const { bids, declines, trail } = await this.#holdAuction(identified);
    return { requestId: identified.requestId, bids: [...bids], declines: [...declines], trail };
  }

  /** Why each plant would make a machine as it would. */
  async explain({ machine, dag }: CreateRequest, top: number): Promise<ExplainReply> {
    const { answers, silentPlants } = await this.#askAll('explain', { machine, dag, top });
    return { plants: answers.map(({ value }) => value), silentPlants };
  }

  configure(request: ConfigureRequest): Operation {
    return this.#begin('configure', request, async ({ requestId }) => {
      const plantId = await this.#locate(request.vmId);
      const ad = await this.#callToEnd(plantId, 'configure', { ...request, requestId });
      return this.#vmReply(plantId, ad, requestId);
    });
  }

  destroy(request: DestroyRequest): Operation {
    return this.#begin('destroy', request, async ({ requestId }) => {
      const plantId = await this.#locate(request.vmId);
      const ad = await this.#callToEnd(plantId, 'destroy', { ...request, requestId });
      return this.#vmReply(plantId, ad, requestId);
    });
  }

  async query(request: QueryRequest): Promise<VmReply> {
    const plantId = await this.#locate(request.vmId);
    return { vm: await this.#ask(this.#bidder(plantId), 'query', request) };
  }

  async list(request: ListRequest): Promise<ListReply> {
    const { answers, silentPlants } = await this.#askAll('list', request);
    return { vms: answers.flatMap((answer) => [...answer.value]), silentPlants };
  }

  plants(): PlantListReply {
    return { plants: this.#membership.toReply() };
  }

  /** Builds on the plant named, else on the one that would be ready soonest. The operation's result is a BuildImageReply. */
  buildImage(request: BuildImageRequest): Operation {
    return this.#begin('build-image', request, async ({ requestId }): Promise<BuildImageReply> => {
      const plantId = request.plantId ?? (await this.#soonest({ ...request, requestId }));
      return this.#callToEnd(plantId, 'buildImage', { ...request, requestId });
    });
  }

  /** Checks images. The operation's result is a VerifyImagesReply. */
  verifyImages(request: VerifyImagesRequest): Operation {
    return this.#begin('verify-images', request, ({ requestId }) => this.images.verify(request, requestId));
  }

  /** Makes room in the warehouses. The operation's result is a CollectImagesReply. */
  collectImages(request: CollectImagesRequest): Operation {
    return this.#begin('collect-images', request, ({ requestId }) => this.images.collect(request, requestId));
  }

  operation(requestId: string): Operation {
    return this.#operations.get(requestId);
  }

  get draining(): boolean {
    return this.#draining;
  }

  /** Takes no new requests; resolves when those under way are settled. The plants finish theirs either way. */
  async drain(): Promise<void> {
    this.#draining = true;
    await Promise.allSettled(this.#operations.running().map((operation) => operation.settled));
  }

  #begin<T>(verb: OperationVerb, request: { requestId?: string }, work: Work<T>): Operation {
    this.#refuseWhenDraining();
    const requestId = request.requestId ?? uuid();
    request.requestId = requestId;
    return this.#operations.start({ requestId, verb, document: request }, work);
  }

  async #holdAuction(request: Identified<CreateRequest>, operation?: Operation): Promise<Auction> {
    const { bidWindowMs } = this.#config;
    const report = (event: Pick<ProgressEvent, 'state' | 'elapsedMs'>) => {
      const at = new Date(this.#market.clock.now()).toISOString();
      operation?.report({ requestId: request.requestId, at, phase: 'auction', ...event });
    };
    report({ state: 'started' });
    const auction = await holdAuction(this.#membership.bidders(), request, this.#market, { bidWindowMs });
    report({ state: auction.bids.length > 0 ? 'done' : 'failed', elapsedMs: auction.trail.closedAfterMs });
    return auction;
  }

  /** The plant that expects to be done first. */
  async #soonest({ requestId, machine, dag }: Identified<BuildImageRequest>): Promise<string> {
    const auction = await this.#holdAuction({ requestId, machine, dag });
    const [first, ...others] = auction.bids;
    if (!first) throw failureOf(auction);
    return others.reduce((best, bid) => (bid.plan.expectedSeconds < best.plan.expectedSeconds ? bid : best), first)
      .plantId;
  }

  #refuseWhenDraining(): void {
    if (this.#draining) throw new GridError('DRAINING', 'the shop is shutting down');
  }

  /** Calls for long work. When the plant leaves amid it, waits for its return and asks again: all calls are idempotent. */
  async #callToEnd<M extends 'create' | 'configure' | 'destroy' | 'buildImage'>(
    plantId: string,
    method: M,
    request: Parameters<BidderMethods[M]>[0],
  ): Promise<ReturnType<BidderMethods[M]>> {
    const deadlineMs = this.#config.requestDeadlineMs;
    const endsAt = Date.now() + deadlineMs;
    let bidder = this.#membership.find(plantId);
    if (!bidder) throw plantNeverAsked(plantId);
    for (;;) {
      try {
        return await bidder.call(method, request, { deadlineMs: Math.max(1, endsAt - Date.now()) });
      } catch (error) {
        if (!(error instanceof GridError) || error.code !== 'PLANT_LOST') throw error;
        bidder = await this.#membership.awaitReturn(plantId, this.#config.plantReturnMs, bidder);
      }
    }
  }

  #ask<M extends keyof BidderMethods>(bidder: Bidder, method: M, request: Parameters<BidderMethods[M]>[0]) {
    return bidder.call(method, request, { deadlineMs: QUESTION_DEADLINE_MS });
  }

  async #askAll<M extends 'list' | 'explain'>(method: M, request: Parameters<BidderMethods[M]>[0]) {
    const bidders = this.#membership.bidders();
    const results = await Promise.allSettled(bidders.map((bidder) => this.#ask(bidder, method, request)));
    const answers: { plantId: string; value: ReturnType<BidderMethods[M]> }[] = [];
    const silentPlants: string[] = [];
    for (const [index, result] of results.entries()) {
      const { plantId } = bidders[index]!;
      if (result.status === 'fulfilled') answers.push({ plantId, value: result.value });
      else silentPlants.push(plantId);
    }
    return { answers, silentPlants };
  }

  /** The plant where a VM lives or lived. @throws GridError VM_UNKNOWN */
  async #locate(vmId: string): Promise<string> {
    const remembered = this.#plantOfVm.get(vmId);
    if (remembered !== undefined) return remembered;
    const asked = this.#membership.bidders().map(async (bidder) => {
      await this.#ask(bidder, 'query', { vmId, attributes: ['VmId'] });
      return bidder.plantId;
    });
    const plantId = await Promise.any(asked).catch(() => {
      throw new GridError('VM_UNKNOWN', `none of ${asked.length} plants knows the VM ${vmId}`, { vmId });
    });
    this.#remember(vmId, plantId);
    return plantId;
  }

  #remember(vmId: string, plantId: string): void {
    this.#plantOfVm.set(vmId, plantId);
    if (this.#plantOfVm.size > this.#config.requestsKept) {
      this.#plantOfVm.delete(this.#plantOfVm.keys().next().value!);
    }
  }

  #bidder(plantId: string): Bidder {
    const bidder = this.#membership.find(plantId);
    if (!bidder) throw new GridError('PLANT_LOST', `the plant ${plantId} is not connected`, { plantId });
    return bidder;
  }

  #vmReply(plantId: string, vm: ClassAdJson, requestId: string, trail?: Trail): VmReply {
    if (typeof vm.VmId === 'string') this.#remember(vm.VmId, plantId);
    return { requestId, vm, ...(trail ? { trail } : {}) };
  }
}

const identify = <T extends { requestId?: string }>(request: T): Identified<T> => ({
  ...request,
  requestId: request.requestId ?? uuid(),
});
