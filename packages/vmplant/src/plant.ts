/** The VMPlant: answers the shops and brokers above. Each call is idempotent by its request id. */
import { hostActionNames } from '@vmgrid/bidding';
import { InFlight, type Log, Semaphore, within } from '@vmgrid/daemon';
import type { Dag } from '@vmgrid/dag';
import {
  type BuildImageReply,
  type BuildImageRequest,
  type Called,
  type ClassAdJson,
  type CreateRequest,
  type EqualityReport,
  GridError,
  type Identified,
  keyText,
  type LongMethod,
  type PlantHandlers,
  type RequestKey,
  requestKey,
  requestSpent,
  requireDag,
} from '@vmgrid/protocol';
import type { BidService } from './bids/bid-service.ts';
import type { Canceller } from './cancellation/canceller.ts';
import type { HostActions } from './configuration/host-actions.ts';
import type { Reconfigurator } from './configuration/reconfigurator.ts';
import type { Creations } from './creation/creations.ts';
import type { Creator } from './creation/creator.ts';
import type { OwnFailures } from './creation/own-failures.ts';
import type { EqualityCheck } from './equality/equality-check.ts';
import type { UploadedFiles } from './files/uploaded-files.ts';
import type { ImageBuilder } from './images/image-builder.ts';
import type { ImageService } from './images/image-service.ts';
import type { LeaseService } from './leases/lease-service.ts';
import type { Collector } from './lifecycle/collector.ts';
import type { Starter } from './lifecycle/starter.ts';
import type { Suspender } from './lifecycle/suspender.ts';
import type { SelfTending } from './tending/self-tending.ts';
import type { DestroyedVms } from './vms/destroyed-vms.ts';
import { isBeingMade } from './vms/vm.ts';
import { VmAds } from './vms/vm-ads.ts';
import type { VmRegistry } from './vms/vm-registry.ts';
import type { VmTeller } from './vms/vm-teller.ts';

export interface PlantDeps {
  readonly bidService: BidService;
  readonly canceller: Pick<Canceller, 'during' | 'cancel' | 'refusal'>;
  readonly uploads: Pick<UploadedFiles, 'put'>;
  readonly creations: Creations;
  readonly creator: Creator;
  readonly failures: OwnFailures;
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
  readonly vmTeller: Pick<VmTeller, 'during'>;
  readonly hostActions: Pick<HostActions, 'requireAll'>;
  readonly log: Log;
  /**
   * Told when what the plant has or holds has changed. Resolves when those above were told: before the answer that says
   * so.
   */
  readonly changed: () => Promise<void>;
  /** What was thrown, with the numbers of what the host has no more of if it is that. */
  readonly withNumbers: (thrown: unknown) => Promise<unknown>;
}

export interface PlantOptions {
  readonly plantId: string;
  /** Machines made at the same time. */
  readonly concurrentCreations: number;
}

/** How long work under way may go on when the plant is told to stop; its undo must fit into the rest of the drain. */
const DRAIN_GRACE_MS = 4_000;

export class Plant {
  readonly #deps: PlantDeps;
  readonly #plantId: string;
  readonly #ads: VmAds;
  readonly #semaphore: Semaphore;
  readonly #inFlight = new InFlight();
  readonly #stopping = new AbortController();

  constructor(deps: PlantDeps, { plantId, concurrentCreations }: PlantOptions) {
    this.#deps = deps;
    this.#plantId = plantId;
    this.#ads = new VmAds(deps, { plantId });
    this.#semaphore = new Semaphore(concurrentCreations);
  }

  /**
   * The signals of the link are not passed on to work that changes something: a shop that vanishes or gives up does not
   * undo what its client may ask for again. Such work ends by its own limits, or when it is cancelled by `cancel`.
   */
  handlers(): PlantHandlers {
    const {
      bidService,
      canceller,
      collector,
      creations,
      imageService,
      leaseService,
      reconfigurator,
      selfTending,
      starter,
      suspender,
      vmTeller,
    } = this.#deps;
    return {
      estimate: async (request) => {
        requireDags(request);
        const key = requestKey(request);
        const cancelled = canceller.refusal(key);
        if (cancelled) throw cancelled;
        const held = this.#ads.byRequest(key);
        if (held) return bidService.offerHeld(held);
        if (creations.has(key)) return bidService.offerTaken(request);
        this.#requireNew(request);
        return bidService.offer(request);
      },
      explain: async (request, signal) => {
        requireDags(request);
        return bidService.explain(request, signal);
      },
      create: (request) =>
        this.#cancellably('create', request, (signal) =>
          vmTeller.during(request, () =>
            creations.during(requestKey(request), () => {
              this.#deps.changed();
              return this.#once('create', request, () => this.#create(request, signal));
            }),
          ),
        ),
      configure: (request) =>
        this.#cancellably('configure', request, (signal) =>
          this.#onceAtVm('configure', request, async () => {
            requireDags(request);
            this.#requireShort(request);
            return this.#ads.of(await reconfigurator.configure(request, signal));
          }),
        ),
      suspend: (request) =>
        this.#onceAtVm('suspend', request, async () =>
          this.#ads.of(await suspender.suspend(request.vmId, requestKey(request), this.#stopping.signal)),
        ),
      resume: (request) =>
        this.#onceAtVm('resume', request, async () =>
          this.#ads.of(await suspender.resume(request.vmId, requestKey(request), this.#stopping.signal)),
        ),
      start: (request) =>
        this.#cancellably('start', request, (signal) =>
          this.#onceAtVm('start', request, async () =>
            this.#ads.of(await starter.start(request.vmId, requestKey(request), signal)),
          ),
        ),
      renew: (request) => this.#onceAtVm('renew', request, async () => this.#ads.of(await leaseService.renew(request))),
      query: async (request) => this.#ads.query(request),
      list: async (request) => this.#ads.list(request),
      destroy: async (request) => {
        const { vmId } = request;
        this.#ads.requireSeen(request);
        this.#refuseWhileMade(vmId);
        return collector.collect(vmId, requestKey(request)).finally(this.#deps.changed);
      },
      cancel: async (request) => {
        await canceller.cancel(request.method, requestKey(request));
        await this.#deps.changed();
        return {};
      },
      putFile: (piece) => this.#deps.uploads.put(piece),
      listImages: () => imageService.list(),
      buildImage: (request) =>
        this.#cancellably('buildImage', request, (signal) =>
          this.#once('buildImage', request, () => this.#buildImage(request, signal)),
        ),
      removeImage: async ({ imageId }) => {
        await imageService.remove(imageId);
        await this.#deps.changed();
        return {};
      },
      labelImage: (request) => imageService.label(request),
      verifyImages: (request) =>
        this.#cancellably('verifyImages', request, (signal) =>
          this.#once('verifyImages', request, () => imageService.verify(request, signal)),
        ),
      verifyEqual: (request) =>
        this.#cancellably('verifyEqual', request, (signal) =>
          this.#once('verifyEqual', request, () => this.#verifyEqual(request, signal)),
        ),
      collectImages: (request) => this.#once('collectImages', request, () => imageService.collect(request)),
      suggestImages: (request, signal) => selfTending.advisor.suggestions(request, signal),
      recordedRequests: ({ pseudonymKey }, signal) => selfTending.recorded(pseudonymKey, signal),
      imageSet: (request) => bidService.imageSet(request),
    };
  }

  /** Takes no new work, lets what runs end for a while, then cancels the rest, which undoes itself. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#deps.bidService.close();
    void this.#deps.changed();
    const stopped = () => new GridError('DRAINING', `the plant ${this.#plantId} is shutting down`);
    await within({ ms: DRAIN_GRACE_MS, signal, late: stopped }, async (until) => {
      const stop = () => this.#stopping.abort(stopped());
      until.addEventListener('abort', stop, { once: true });
      if (until.aborted) stop();
      await this.#inFlight.settled();
      await this.#deps.collector.settled();
    });
  }

  /** Work whose signal aborts when its owner cancels it, and when the plant stops. */
  #cancellably<T>(
    method: LongMethod,
    request: Called<{ readonly requestId: string }>,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return this.#deps.canceller.during(method, requestKey(request), (cancelled) =>
      work(AbortSignal.any([this.#stopping.signal, cancelled])),
    );
  }

  /** A repeated request joins the first one; new work is refused while the plant drains. */
  #once<T>(verb: string, request: Called<{ readonly requestId: string }>, work: () => Promise<T>): Promise<T> {
    return this.#inFlight.join(`${verb} ${keyText(requestKey(request))}`, async () => {
      const refusal = this.#deps.bidService.refusal();
      if (refusal) throw refusal;
      const { selfTending, changed, withNumbers } = this.#deps;
      const told = async (thrown: unknown) => Promise.reject(await withNumbers(thrown));
      return selfTending.during(work).catch(told).finally(changed);
    });
  }

  /** The same for work on a VM that the caller sees. */
  async #onceAtVm<T>(
    verb: string,
    request: Called<{ readonly requestId: string; readonly vmId: string }>,
    work: () => Promise<T>,
  ): Promise<T> {
    this.#ads.requireSeen(request);
    this.#requireLiving(request.vmId);
    return this.#once(verb, request, work);
  }

  /**
   * Of a VM that the caller sees. @throws GridError VM_UNKNOWN that says so when it is gone: nobody else has to be
   * asked
   */
  #requireLiving(vmId: string): void {
    if (this.#deps.registry.find(vmId)) return;
    const details = { vmId, plantId: this.#plantId, state: 'destroyed' };
    throw new GridError('VM_UNKNOWN', `the VM ${vmId}, which was on the plant ${this.#plantId}, is destroyed`, details);
  }

  #refuseWhileMade(vmId: string): void {
    const record = this.#deps.registry.find(vmId);
    if (!record || !isBeingMade(record)) return;
    const { state, requestId } = record;
    const message = `${vmId} is being made (${state}): cancel its request ${requestId}, or destroy it when it runs`;
    throw new GridError('VM_STATE', message, { vmId, state, requestId });
  }

  /** @throws GridError DAG_TOO_LARGE */
  #requireShort({ dag, destruction }: DagsOfRequest): void {
    const refusal = this.#deps.bidService.dagRefusal(dag, destruction);
    if (refusal) throw refusal;
  }

  async #create(request: Identified<CreateRequest>, signal: AbortSignal): Promise<ClassAdJson> {
    requireDags(request);
    const before = this.#outcomeOf(requestKey(request));
    if (before) return before; // whatever the limits are by now: a refusal would make it another plant's
    this.#requireNew(request);
    this.#requireShort(request);
    await this.#deps.hostActions.requireAll(hostActionNames(request.dag, request.destruction));
    const { creator, failures } = this.#deps;
    const creation = this.#semaphore.pass(() => creator.create(request, signal), signal);
    return this.#ads.of(await failures.during(creation));
  }

  /** @throws GridError REQUEST_EXPIRED when the request may have been carried out here, and be forgotten */
  #requireNew({ requestId }: RequestKey): void {
    const expiry = this.#deps.bidService.expiry(requestId);
    if (expiry) throw expiry;
  }

  /**
   * What became of an earlier create of the same request id. @throws the GridError it failed with; REQUEST_SPENT when
   * its VM is gone
   */
  #outcomeOf(request: RequestKey): ClassAdJson | undefined {
    const record = this.#deps.registry.byRequest(request);
    if (record?.failure && record.readyAt === undefined) throw GridError.fromBody(record.failure);
    const ad = this.#ads.byRequest(request);
    if (ad?.State === 'destroyed' || ad?.State === 'collecting') throw requestSpent(request.requestId, ad);
    return ad;
  }

  async #buildImage(request: Identified<BuildImageRequest>, signal: AbortSignal): Promise<BuildImageReply> {
    requireDags(request);
    this.#requireShort(request);
    const { imageBuilder, imageService } = this.#deps;
    const { image, built, leftOut } = await this.#semaphore.pass(() => imageBuilder.build(request, signal), signal);
    return {
      ...{ requestId: request.requestId, image: await imageService.describe(image), built },
      ...(leftOut.length === 0 ? {} : { leftOut: [...leftOut] }),
    };
  }

  #verifyEqual(request: Identified<BuildImageRequest>, signal: AbortSignal): Promise<EqualityReport> {
    requireDags(request);
    this.#requireShort(request);
    return this.#semaphore.pass(() => this.#deps.equalityCheck.check(request, signal), signal);
  }
}

interface DagsOfRequest {
  readonly dag: Dag;
  readonly destruction?: Dag | undefined;
}

/** The link has checked the form of a request; whether its DAGs can be run is for the plant to check. */
function requireDags({ dag, destruction }: DagsOfRequest): void {
  requireDag('dag', dag);
  if (destruction) requireDag('destruction', destruction);
}
