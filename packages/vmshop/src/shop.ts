/**
 * The VMShop: takes requests, holds auctions, awards, and asks the plants about the VMs that live there. It keeps no
 * truth: what it remembers is cache, and a shop that starts with nothing serves the same VMs.
 */

import { ImageCatalogue, ImageWork } from '@vmgrid/catalogue';
import { IN_MEMORY } from '@vmgrid/daemon';
import { type Operation, OperationService, type Operations } from '@vmgrid/http-api';
import {
  type Absences,
  type AskForVm,
  listPlants,
  type MarketDeps,
  type Membership,
  Roll,
  type VmBook,
  VmPlaces,
} from '@vmgrid/market';
import type {
  BuildImageReply,
  BuildImageRequest,
  Called,
  ClassAdJson,
  ConfigureRequest,
  DestroyRequest,
  EstimateReply,
  ExplainReply,
  Identified,
  ListReply,
  ListRequest,
  LongVmMethod,
  PlantListReply,
  QueryRequest,
  RenewRequest,
  ReplayableRequest,
  ResumeRequest,
  StartRequest,
  SuspendRequest,
  VmReply,
} from '@vmgrid/protocol';
import { BROKER_LIMITS, type CreateRequest, namesOf, type PlantApi } from '@vmgrid/protocol';
import { v7 as uuid } from 'uuid';
import type { AuctionHistory } from './auctions/auction-history.ts';
import { Auctions } from './auctions/auctions.ts';
import type { ShopConfig } from './config.ts';
import { FileSender } from './files/file-sender.ts';
import type { FileStore } from './files/file-store.ts';
import { RequestFiles } from './files/request-files.ts';
import { PlantCalls } from './plants/plant-calls.ts';
import type { PlantFeed } from './plants/plant-feed.ts';
import type { StartupGracePeriod } from './plants/startup-grace-period.ts';
import { QuotaEnforcer } from './quotas/quota-enforcer.ts';
import { CancelledCreates } from './requests/cancelled-creates.ts';
import { Creates } from './requests/creates.ts';
import { RequestCanceller } from './requests/request-canceller.ts';
import { RequestHolders } from './requests/request-holders.ts';
import type { VmEvents } from './vms/vm-events.ts';
import { VmList } from './vms/vm-list.ts';

type VmRequest = Called<{ requestId?: string; readonly vmId: string }>;

export interface ShopDeps {
  readonly membership: Membership;
  /** Plants that are known and not here. */
  readonly absences: Absences;
  readonly operations: Operations;
  readonly market: MarketDeps;
  readonly auctions: Pick<AuctionHistory, 'keep' | 'get' | 'list'>;
  /** Tells which plants come and go. */
  readonly feed: PlantFeed;
  readonly vmEvents: VmEvents;
  /** The VMs that plants have told of. */
  readonly book: VmBook;
  /** The files that clients uploaded. Left out: nobody can. */
  readonly files?: FileStore;
  /** The creates that were cancelled. Left out: none was before this process. */
  readonly cancelled?: CancelledCreates;
  /** Writes the book, so that it outlives the process. Left out: it does not. */
  readonly writeBook?: () => void;
  /** Left out: nobody was there before. */
  readonly startupGracePeriod?: Pick<StartupGracePeriod, 'over'>;
}

export class Shop {
  /** The golden images of all warehouses. */
  readonly images: ImageCatalogue;
  readonly imageWork: ImageWork;
  readonly operationService: OperationService;
  readonly canceller: RequestCanceller;
  readonly auctions: Pick<AuctionHistory, 'keep' | 'get' | 'list'>;
  readonly feed: PlantFeed;
  readonly vmEvents: VmEvents;
  readonly #membership: Membership;
  readonly #absences: Absences;
  readonly #roll: Roll;
  readonly #auctions: Auctions;
  readonly #creates: Creates;
  readonly #places: VmPlaces;
  readonly #vmList: VmList;
  readonly #quotas: QuotaEnforcer;
  readonly #holders: RequestHolders;
  readonly #files: RequestFiles;
  readonly #plants: PlantCalls;

  constructor(deps: ShopDeps, config: ShopConfig) {
    this.#membership = deps.membership;
    this.#absences = deps.absences;
    this.#roll = new Roll(deps.membership, deps.absences, 'the shop');
    this.auctions = deps.auctions;
    this.feed = deps.feed;
    this.vmEvents = deps.vmEvents;
    const { cancelled = new CancelledCreates(IN_MEMORY) } = deps;
    this.operationService = new OperationService(deps.operations, {
      ...{ name: 'the shop', newRequestId: uuid, cancelledCreates: cancelled },
    });
    const { membership, absences, book, market, writeBook } = deps;
    const { requestDeadlineMs } = config;
    const signal = this.operationService.closing;
    this.#plants = new PlantCalls({ membership, roll: this.#roll, clock: market.clock, signal }, config);
    const isAwaited = (plantId: string) => market.memory.isAwaited(plantId) && !market.standing?.isSilent(plantId);
    const ask: AskForVm = (request) => this.#plants.search(request);
    this.#places = new VmPlaces({ book, ask }, { kept: config.requestsKept });
    this.#holders = new RequestHolders({ book, absences, roll: this.#roll }, config);
    const { files: store } = deps;
    const find = (plantId: string) => membership.find(plantId);
    this.#files = new RequestFiles(store && { store, sender: new FileSender({ store, find }) });
    this.#vmList = new VmList({ membership, absences, roll: this.#roll, book, isAwaited });
    const quotaDeps = { book, clock: market.clock, requestDeadlineMs, ...(writeBook && { write: writeBook }) };
    this.#quotas = new QuotaEnforcer(quotaDeps, config.quotas ?? {});
    const { auctions: history, startupGracePeriod } = deps;
    this.#auctions = new Auctions({ membership, roll: this.#roll, market, history }, config);
    this.#creates = new Creates(
      {
        ...{ membership, market, book, history, startupGracePeriod },
        ...{ holders: this.#holders, files: this.#files, quotas: this.#quotas },
        ...{ auctions: this.#auctions, plants: this.#plants, places: this.#places },
      },
      config,
    );
    const { operationService, query } = { operationService: this.operationService, query: this.query.bind(this) };
    this.canceller = new RequestCanceller({ operationService, cancelled, book, membership, query });
    this.images = new ImageCatalogue(this.#roll, { requestDeadlineMs, signal, isAwaited });
    this.imageWork = new ImageWork({
      operationService: this.operationService,
      images: this.images,
      build: this.#buildImage.bind(this),
    });
  }

  /** Starts the creation of a VM, or joins the one of the same request id. The operation's result is a VmReply. */
  create(request: Called<CreateRequest>): Operation {
    const mayBeRepeated = request.requestId !== undefined;
    const operation = this.operationService.begin('create', request, (asked, operation) =>
      this.#creates.create(asked, { operation, signal: this.#until(operation), mayBeRepeated }),
    );
    operation.refresh((reply) => this.#creates.withPresentAd(reply as VmReply, operation.requestId, request.caller));
    return operation;
  }

  /** The auction without the award. @throws GridError NO_PLANTS while no plant is here and some may come back */
  async estimate(request: Called<CreateRequest>): Promise<EstimateReply> {
    this.operationService.refuseWhenDraining();
    const identified = this.operationService.identify(request);
    const { bids, declines, trail, silentPlants } = await this.operationService.answer(
      identified,
      this.#estimate(identified),
    );
    return {
      ...{ requestId: identified.requestId, bids: [...bids], declines: [...declines], trail },
      ...(silentPlants.length === 0 ? {} : { silentPlants }),
    };
  }

  /** Why each plant would make a machine as it would. */
  async explain({ machine, dag }: CreateRequest, top: number): Promise<ExplainReply> {
    const { answers, failures } = await this.#plants.askAll('explain', { machine, dag, top });
    return { plants: answers.map(({ value }) => value), silentPlants: namesOf(failures) };
  }

  configure(request: Called<ConfigureRequest>): Operation {
    return this.#atVm('configure', request, () => {
      this.#quotas.requireConfigure(request);
      this.#files.require(request);
    });
  }

  destroy(request: Called<DestroyRequest>): Operation {
    return this.#atVm('destroy', request);
  }

  suspend(request: Called<SuspendRequest>): Operation {
    return this.#atVm('suspend', request);
  }

  resume(request: Called<ResumeRequest>): Operation {
    return this.#atVm('resume', request);
  }

  start(request: Called<StartRequest>): Operation {
    return this.#atVm('start', request);
  }

  renew(request: Called<RenewRequest>): Operation {
    return this.#atVm('renew', request, () => this.#quotas.requireRenew(request));
  }

  async query(request: Called<QueryRequest>): Promise<VmReply> {
    const ask = (plantId: string) => this.#plants.ask(plantId, 'query', request);
    return { vm: this.#holders.withSplit(await this.#places.at(request, ask)) };
  }

  async list(request: Called<ListRequest>): Promise<ListReply> {
    const reply = await this.#vmList.list(request, this.operationService.closing);
    return { ...reply, vms: reply.vms.map((ad) => this.#holders.withSplit(ad)) };
  }

  plants(): Promise<PlantListReply> {
    return listPlants({ membership: this.#membership, absences: this.#absences }, this.#plants.question);
  }

  /** Returns the requests that a plant remembers, with pseudonyms in place of digests. @throws GridError PLANT_LOST */
  async recordedRequests(plantId: string, pseudonymKey: string): Promise<readonly ReplayableRequest[]> {
    return this.#plants.ask(plantId, 'recordedRequests', { pseudonymKey });
  }

  /** Plants that can be asked, at any depth. */
  get plantCount(): number {
    return this.#membership.plantCount;
  }

  async #estimate(request: Identified<CreateRequest>) {
    const { closing: signal } = this.operationService;
    const auction = await this.#auctions.hold(request, { best: BROKER_LIMITS.bids, signal });
    if (auction.trail.summary.asked === 0) this.#roll.requireAnyone();
    return { ...auction, silentPlants: this.#absences.all().map(({ plantId }) => plantId) };
  }

  /** Has the plant of a VM do the work. The operation's result is a VmReply. */
  #atVm<M extends LongVmMethod>(verb: M, request: VmRequest, check: () => void = () => undefined): Operation {
    return this.operationService.begin(verb, request, async (identified, { cancelled }): Promise<VmReply> => {
      check();
      const work = { method: verb, request: identified as Parameters<PlantApi[M]>[0], cancelled };
      const call = (plantId: string) =>
        this.#plants.callBack({ plantId, ...work }, () => this.#files.send(plantId, request, cancelled));
      return { requestId: identified.requestId, vm: (await this.#places.at(request, call)) as ClassAdJson };
    });
  }

  /** Builds on the plant named, else on the one that would be ready soonest. */
  async #buildImage(request: Identified<BuildImageRequest>, operation: Operation): Promise<BuildImageReply> {
    this.#files.require(request);
    const { cancelled } = operation;
    const plantId =
      request.plantId ?? (await this.#auctions.soonest(request, { operation, signal: this.#until(operation) }));
    return this.#plants.callBack({ plantId, method: 'buildImage', request, cancelled }, () =>
      this.#files.send(plantId, request, cancelled),
    );
  }

  /** Aborts when the operation is cancelled, and when the shop closes. */
  #until({ cancelled }: Operation): AbortSignal {
    return AbortSignal.any([this.operationService.closing, cancelled]);
  }
}
