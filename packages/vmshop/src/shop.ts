/**
 * The VMShop: takes requests, holds auctions, awards, and asks the plants about the VMs that live there. It keeps no truth:
 * what it remembers is cache, and a shop that starts with nothing serves the same VMs.
 */

import type { Operation, Operations, OperationVerb } from '@vmgrid/door';
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
  VerifyImagesRequest,
  VmReply,
} from '@vmgrid/protocol';
import { type BidderMethods, type CreateRequest, GridError, VmId, validate } from '@vmgrid/protocol';
import { v7 as uuid } from 'uuid';
import type { ShopConfig } from './config.ts';
import { ImageCatalogue } from './image-catalogue.ts';
import type { Membership } from './membership.ts';
import { isVmUnknown, VmPlaces } from './vm-places.ts';

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
  readonly #places: VmPlaces;
  /** Aborts when no answer can be waited for any more. */
  readonly #closing = new AbortController();
  readonly #question = { deadlineMs: QUESTION_DEADLINE_MS, signal: this.#closing.signal };
  #draining = false;

  constructor(
    deps: { readonly membership: Membership; readonly operations: Operations; readonly market: MarketDeps },
    config: ShopConfig,
  ) {
    this.#membership = deps.membership;
    this.#operations = deps.operations;
    this.#market = deps.market;
    this.#config = config;
    const ask = (bidder: Bidder, vmId: string) => this.#ask(bidder, 'query', { vmId, attributes: ['VmId'] });
    this.#places = new VmPlaces({ bidders: () => deps.membership.bidders(), ask }, { kept: config.requestsKept });
    this.images = new ImageCatalogue(deps.membership, config);
  }

  /** Starts the creation of a VM, or joins the one of the same request id. The operation's result is a VmReply. */
  create(request: CreateRequest): Operation {
    const operation = this.#begin('create', request, async (operation) => {
      const identified = { ...request, requestId: operation.requestId };
      const auction = await this.#holdAuction(identified, operation);
      const { ad, trail } = await award(auction, ({ plantId }) => this.#createAt(plantId, identified), this.#market, {
        attempts: this.#config.awardAttempts,
        signal: this.#closing.signal,
      });
      return { requestId: operation.requestId, vm: ad, trail } satisfies VmReply;
    });
    operation.refresh((reply) => this.#withPresentAd(reply as VmReply));
    return operation;
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
    const { answers, silentPlants } = await this.#membership.askAll('explain', { machine, dag, top }, this.#question);
    return { plants: answers.map(({ value }) => value), silentPlants };
  }

  configure(request: ConfigureRequest): Operation {
    return this.#begin('configure', request, async ({ requestId }): Promise<VmReply> => {
      const identified = { ...request, requestId };
      const vm = await this.#places.at(request.vmId, (plantId) => this.#callToEnd(plantId, 'configure', identified));
      return { requestId, vm };
    });
  }

  destroy(request: DestroyRequest): Operation {
    return this.#begin('destroy', request, async ({ requestId }): Promise<VmReply> => {
      const identified = { ...request, requestId };
      const vm = await this.#places.at(request.vmId, (plantId) => this.#callToEnd(plantId, 'destroy', identified));
      return { requestId, vm };
    });
  }

  async query(request: QueryRequest): Promise<VmReply> {
    const ask = (plantId: string) => this.#ask(this.#bidder(plantId), 'query', request);
    return { vm: await this.#places.at(request.vmId, ask) };
  }

  async list(request: ListRequest): Promise<ListReply> {
    const { answers, silentPlants } = await this.#membership.askAll('list', request, this.#question);
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

  /**
   * Takes no new requests; resolves when those under way are settled. After a while whoever still waits is told DRAINING; the
   * plants finish their work either way.
   */
  async drain(withinMs: number): Promise<void> {
    this.#draining = true;
    const timer = setTimeout(() => this.#answerAll(), withinMs);
    await Promise.allSettled(this.#operations.running().map((operation) => operation.settled));
    clearTimeout(timer);
    this.#answerAll();
  }

  #answerAll(): void {
    for (const operation of this.#operations.running()) operation.giveUp(shuttingDown(operation.requestId));
    this.#closing.abort(shuttingDown());
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
    const auction = await holdAuction(this.#membership.bidders(), request, this.#market, {
      bidWindowMs,
      signal: this.#closing.signal,
    });
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
    if (this.#draining) throw shuttingDown();
  }

  /** @throws GridError LINK_PROTOCOL when the plant's answer names no VM, or one of another plant */
  async #createAt(plantId: string, request: Identified<CreateRequest>): Promise<ClassAdJson> {
    const ad = await this.#callToEnd(plantId, 'create', request);
    const vmId = validate(VmId, ad.VmId, { code: 'LINK_PROTOCOL', subject: `VmId of the VM that ${plantId} made` });
    const place = this.#places.remembered(vmId);
    if (place !== undefined && place !== plantId) {
      throw new GridError('LINK_PROTOCOL', `${plantId} says it made the VM ${vmId}, which is on the plant ${place}`, {
        plantId,
        vmId,
      });
    }
    this.#places.remember(vmId, plantId);
    return ad;
  }

  /** A reply to create with the VM's classad of now; as it was when the plant does not answer. */
  async #withPresentAd(reply: VmReply): Promise<VmReply> {
    const maker = this.#membership.find(reply.trail?.awards.at(-1)?.plantId ?? '');
    if (!maker) return reply;
    try {
      return { ...reply, vm: await this.#ask(maker, 'query', { vmId: String(reply.vm.VmId) }) };
    } catch (error) {
      return isVmUnknown(error) ? { ...reply, vm: { ...reply.vm, State: 'destroyed' } } : reply;
    }
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
    return bidder.call(method, request, this.#question);
  }

  #bidder(plantId: string): Bidder {
    const bidder = this.#membership.find(plantId);
    if (!bidder) throw new GridError('PLANT_LOST', `the plant ${plantId} is not connected`, { plantId });
    return bidder;
  }
}

const identify = <T extends { requestId?: string }>(request: T): Identified<T> => ({
  ...request,
  requestId: request.requestId ?? uuid(),
});

const shuttingDown = (requestId?: string): GridError =>
  new GridError('DRAINING', 'the shop is shutting down', requestId === undefined ? {} : { requestId });
