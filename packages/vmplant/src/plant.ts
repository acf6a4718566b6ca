/** The VMPlant: answers the shops and brokers above. Each call is idempotent by its request id. */
import { hostActionNames } from '@vmgrid/bidding';
import type { Dag } from '@vmgrid/dag';
import {
  type BuildImageReply,
  type BuildImageRequest,
  type ClassAdJson,
  type CreateRequest,
  type EstimateRequest,
  GridError,
  type Identified,
  type Offer,
  type PlantHandlers,
  type RequestKey,
  requestKey,
  requestSpent,
  requireDag,
} from '@vmgrid/protocol';
import type { BidService } from './bids/bid-service.ts';
import type { HostActions } from './configuration/host-actions.ts';
import type { Reconfigurator } from './configuration/reconfigurator.ts';
import type { Creator } from './creation/creator.ts';
import type { Asked } from './creation/making.ts';
import type { EqualityCheck } from './equality/equality-check.ts';
import type { ImageBuilder } from './images/image-builder.ts';
import type { ImageService } from './images/image-service.ts';
import type { LeaseService } from './leases/lease-service.ts';
import type { Collector } from './lifecycle/collector.ts';
import type { Starter } from './lifecycle/starter.ts';
import type { Suspender } from './lifecycle/suspender.ts';
import { PlantWork, type PlantWorkDeps, type PlantWorkOptions } from './plant-work.ts';
import type { SelfTending } from './tending/self-tending.ts';
import type { DestroyedVms } from './vms/destroyed-vms.ts';
import { isBeingMade, type VmRecord } from './vms/vm.ts';
import { VmAds } from './vms/vm-ads.ts';
import type { VmRegistry } from './vms/vm-registry.ts';
import type { Work } from './work.ts';

export interface PlantDeps extends PlantWorkDeps {
  readonly bidService: BidService;
  readonly creator: Pick<Creator, 'create'>;
  readonly reconfigurator: Pick<Reconfigurator, 'configure'>;
  readonly suspender: Pick<Suspender, 'suspend' | 'resume'>;
  readonly starter: Pick<Starter, 'start'>;
  readonly leaseService: Pick<LeaseService, 'renew'>;
  readonly collector: Collector;
  readonly imageBuilder: Pick<ImageBuilder, 'build'>;
  readonly equalityCheck: Pick<EqualityCheck, 'check'>;
  readonly imageService: Pick<ImageService, 'list' | 'label' | 'verify' | 'collect' | 'describe' | 'remove'>;
  readonly selfTending: Pick<SelfTending, 'during' | 'recorded'> & {
    readonly advisor: Pick<SelfTending['advisor'], 'suggestions'>;
  };
  readonly registry: VmRegistry;
  readonly destroyedVms: DestroyedVms;
  readonly hostActions: Pick<HostActions, 'requireAll'>;
}

type Create = Identified<CreateRequest>;
type CreateWork = Work<Create, ClassAdJson>;

export class Plant {
  readonly #deps: PlantDeps;
  readonly #plantId: string;
  readonly #ads: VmAds;
  readonly #work: PlantWork;

  constructor(deps: PlantDeps, options: PlantWorkOptions) {
    this.#deps = deps;
    this.#plantId = options.plantId;
    this.#ads = new VmAds(deps, options);
    this.#work = new PlantWork(deps, options);
  }

  handlers(): PlantHandlers {
    const { bidService, collector, creator, equalityCheck, imageService, selfTending } = this.#deps;
    const { leaseService, reconfigurator, starter, suspender } = this.#deps;
    const work = this.#work;
    return {
      estimate: (request) => this.#estimate(request),
      explain: async (request, signal) => {
        requireDags(request);
        return bidService.explain(request, signal);
      },
      create: work.create([this.#answeredAsBefore, this.#refusedIfUnfit], async (request, signal) =>
        this.#ads.of(await creator.create(request, signal)),
      ),
      configure: this.#onVm('configure', async (request, signal) => {
        this.#requireRunnable(request);
        return reconfigurator.configure(request, signal);
      }),
      suspend: this.#onVm('suspend', (request, signal) => suspender.suspend(request.vmId, requestKey(request), signal)),
      resume: this.#onVm('resume', (request, signal) => suspender.resume(request.vmId, requestKey(request), signal)),
      start: this.#onVm('start', (request, signal) => starter.start(request.vmId, requestKey(request), signal)),
      renew: this.#onVm('renew', (request) => leaseService.renew(request)),
      query: async (request) => this.#ads.query(request),
      list: async (request) => this.#ads.list(request),
      destroy: async (request) => {
        const { vmId } = request;
        this.#ads.requireSeen(request);
        this.#refuseWhileMade(vmId);
        return collector.collect(vmId, requestKey(request)).finally(this.#deps.changed);
      },
      listImages: () => imageService.list(),
      buildImage: work.other('buildImage', [this.#ofRunnable, work.inTurn], (request, signal) =>
        this.#buildImage(request, signal),
      ),
      removeImage: async ({ imageId }) => {
        await imageService.remove(imageId);
        await this.#deps.changed();
        return {};
      },
      labelImage: (request) => imageService.label(request),
      verifyImages: work.other('verifyImages', [], (request, signal) => imageService.verify(request, signal)),
      verifyEqual: work.other('verifyEqual', [this.#ofRunnable, work.inTurn], (request, signal) =>
        equalityCheck.check(request, signal),
      ),
      collectImages: work.other('collectImages', [], (request) => imageService.collect(request)),
      suggestImages: (request, signal) => selfTending.advisor.suggestions(request, signal),
      recordedRequests: ({ pseudonymKey }, signal) => selfTending.recorded(pseudonymKey, signal),
      imageSet: (request) => bidService.imageSet(request),
    };
  }

  /** Accepts no new work, gives running work some time to end, then cancels the rest, which undoes itself. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#deps.bidService.close();
    void this.#deps.changed();
    await this.#work.drain(signal);
    await this.#deps.collector.settled();
  }

  async #estimate(request: Identified<EstimateRequest>): Promise<Offer> {
    const { bidService } = this.#deps;
    requireDags(request);
    const key = requestKey(request);
    const held = this.#ads.byRequest(key);
    if (held) return bidService.offerHeld(held);
    if (this.#work.isCreating(key)) return bidService.offerTaken(request);
    this.#requireNew(request);
    return bidService.offer(request);
  }

  /** Runs work on a VM that the caller may see. */
  #onVm<Request extends Asked & { readonly vmId: string }>(
    verb: string,
    work: Work<Request, VmRecord>,
  ): Work<Request, ClassAdJson> {
    const done = this.#work.other<Request, ClassAdJson>(verb, [], async (request, signal) =>
      this.#ads.of(await work(request, signal)),
    );
    return async (request, signal) => {
      this.#ads.requireSeen(request);
      this.#requireLiving(request.vmId);
      return done(request, signal);
    };
  }

  /**
   * Requires that a VM which the caller may see still exists. @throws GridError VM_UNKNOWN when it is gone: the error
   * says so, and no other plant has to be asked
   */
  #requireLiving(vmId: string): void {
    if (this.#deps.registry.find(vmId)) return;
    const details = { vmId, plantId: this.#plantId, state: 'destroyed' };
    throw new GridError('VM_UNKNOWN', `the VM ${vmId}, which was on the plant ${this.#plantId}, is destroyed`, details);
  }

  #refuseWhileMade(vmId: string): void {
    const record = this.#deps.registry.find(vmId);
    if (!record || !isBeingMade(record)) return;
    const message = `${vmId} is being made (${record.state}); it can be destroyed when it runs or has failed`;
    throw new GridError('VM_STATE', message, { vmId, state: record.state });
  }

  /** @throws GridError DAG_TOO_LARGE, and the fault of a DAG */
  #requireRunnable(dags: DagsOfRequest): void {
    requireDags(dags);
    const refusal = this.#deps.bidService.dagRefusal(dags.dag, dags.destruction);
    if (refusal) throw refusal;
  }

  readonly #ofRunnable =
    <Request extends DagsOfRequest, Reply>(next: Work<Request, Reply>): Work<Request, Reply> =>
    async (request, signal) => {
      this.#requireRunnable(request);
      return next(request, signal);
    };

  /** The limits of the plant do not matter here: a refusal would send the request to another plant. */
  readonly #answeredAsBefore =
    (next: CreateWork): CreateWork =>
    async (request, signal) => {
      requireDags(request);
      return this.#outcomeOf(requestKey(request)) ?? next(request, signal);
    };

  readonly #refusedIfUnfit =
    (next: CreateWork): CreateWork =>
    async (request, signal) => {
      this.#requireNew(request);
      this.#requireRunnable(request);
      await this.#deps.hostActions.requireAll(hostActionNames(request.dag, request.destruction));
      return next(request, signal);
    };

  /** @throws GridError REQUEST_EXPIRED when the plant may have carried out the request earlier and forgotten it */
  #requireNew({ requestId }: RequestKey): void {
    const expiry = this.#deps.bidService.expiry(requestId);
    if (expiry) throw expiry;
  }

  /**
   * Returns the result of an earlier create with the same request id. @throws the GridError with which it failed;
   * REQUEST_SPENT when its VM is destroyed
   */
  #outcomeOf(request: RequestKey): ClassAdJson | undefined {
    const record = this.#deps.registry.byRequest(request);
    if (record?.failure && record.readyAt === undefined) throw GridError.fromBody(record.failure);
    const ad = this.#ads.byRequest(request);
    if (ad?.State === 'destroyed' || ad?.State === 'collecting') throw requestSpent(request.requestId, ad);
    return ad;
  }

  async #buildImage(request: Identified<BuildImageRequest>, signal: AbortSignal): Promise<BuildImageReply> {
    const { imageBuilder, imageService } = this.#deps;
    const { image, built, leftOut } = await imageBuilder.build(request, signal);
    return {
      ...{ requestId: request.requestId, image: await imageService.describe(image), built },
      ...(leftOut.length === 0 ? {} : { leftOut: [...leftOut] }),
    };
  }
}

interface DagsOfRequest {
  readonly dag: Dag;
  readonly destruction?: Dag | undefined;
}

/** The link has checked the form of a request; the plant checks whether its DAGs can be run. */
function requireDags({ dag, destruction }: DagsOfRequest): void {
  requireDag('dag', dag);
  if (destruction) requireDag('destruction', destruction);
}
