/**
 * Work that changes something, and its wrappers. It does not get the signal of a link: a shop that vanishes or gives up
 * does not undo work that its client may request again. Such work ends by its own limits, or when the plant stops.
 */
import type { RequestBook } from '@vmgrid/bidding';
import { InFlight, Semaphore, within } from '@vmgrid/daemon';
import {
  type ClassAdJson,
  type CreateRequest,
  GridError,
  type Identified,
  keyText,
  type RequestKey,
  requestKey,
} from '@vmgrid/protocol';
import type { BidService } from './bids/bid-service.ts';
import type { Asked } from './creation/making.ts';
import type { OwnFailures } from './creation/own-failures.ts';
import type { SelfTending } from './tending/self-tending.ts';
import type { VmPublisher } from './vms/vm-publisher.ts';
import { inside, type Work, type Wrapper } from './work.ts';

export interface PlantWorkDeps {
  readonly bidService: Pick<BidService, 'refusal'>;
  readonly failures: Pick<OwnFailures, 'during'>;
  /** Called for each create when it begins and when it ends. */
  readonly requests: RequestBook;
  readonly selfTending: Pick<SelfTending, 'during'>;
  readonly vmPublisher: Pick<VmPublisher, 'during'>;
  /**
   * Called when the plant's VMs or requests have changed. Resolves when the upstreams know of the change, before they
   * get the answer.
   */
  readonly changed: () => Promise<void>;
  /** Adds the numbers of the exhausted resource to an error about the host. */
  readonly withNumbers: (thrown: unknown) => Promise<unknown>;
}

export interface PlantWorkOptions {
  readonly plantId: string;
  /** Machines that are made at the same time. */
  readonly concurrentCreations: number;
}

type Create = Identified<CreateRequest>;
type CreateWork = Work<Create, ClassAdJson>;

/** Milliseconds for work in progress when the plant is told to stop; its undo must fit into the rest of the drain. */
const DRAIN_GRACE_MS = 4_000;

export class PlantWork {
  readonly #deps: PlantWorkDeps;
  readonly #plantId: string;
  readonly #inFlight = new InFlight();
  readonly #semaphore: Semaphore;
  readonly #stopping = new AbortController();

  constructor(deps: PlantWorkDeps, { plantId, concurrentCreations }: PlantWorkOptions) {
    this.#deps = deps;
    this.#plantId = plantId;
    this.#semaphore = new Semaphore(concurrentCreations);
  }

  /** Wraps a create; the first wrapper is the outermost. `own` are the plant's checks. */
  create(own: readonly Wrapper<Create, ClassAdJson>[], work: CreateWork): CreateWork {
    const wrappers = [
      this.#untilStopped,
      this.#toldAbove,
      this.#remembered,
      this.#toldAsItBegins,
      this.#joined('create'),
      this.#refusedWhileDraining,
      this.#toldAsItEnds,
      this.#withNumbers,
      this.#onceTendingGaveWay,
      ...own,
      this.#countedAsFailure,
      this.inTurn,
    ];
    return inside(wrappers, work);
  }

  /** Wraps any other work; the first wrapper is the outermost. */
  other<Request extends Asked, Reply>(
    verb: string,
    own: readonly Wrapper<Request, Reply>[],
    work: Work<Request, Reply>,
  ): Work<Request, Reply> {
    const wrappers = [
      this.#untilStopped,
      this.#joined(verb),
      this.#refusedWhileDraining,
      this.#toldAsItEnds,
      this.#withNumbers,
      this.#onceTendingGaveWay,
      ...own,
    ];
    return inside<Request, Reply>(wrappers, work);
  }

  /** Whether a create of the request is in progress, or waits for its turn. */
  isCreating(key: RequestKey): boolean {
    return this.#inFlight.has(flightOf('create', key));
  }

  /** Gives running work some time to end, then cancels the rest, which undoes itself. */
  async drain(signal: AbortSignal): Promise<void> {
    const stopped = () => new GridError('DRAINING', `the plant ${this.#plantId} is shutting down`);
    await within({ ms: DRAIN_GRACE_MS, signal, late: stopped }, async (until) => {
      const stop = () => this.#stopping.abort(stopped());
      until.addEventListener('abort', stop, { once: true });
      if (until.aborted) stop();
      await this.#inFlight.settled();
    });
  }

  /** Only a few machines are made at a time; the other requests wait in the order in which they came. */
  readonly inTurn =
    <Request, Reply>(next: Work<Request, Reply>): Work<Request, Reply> =>
    (request, signal) =>
      this.#semaphore.pass(() => next(request, signal), signal);

  readonly #untilStopped =
    <Request, Reply>(next: Work<Request, Reply>): Work<Request, Reply> =>
    (request) =>
      next(request, this.#stopping.signal);

  /** A repeated request joins the first one. */
  #joined(verb: string) {
    return <Request extends Asked, Reply>(next: Work<Request, Reply>): Work<Request, Reply> =>
      (request, signal) =>
        this.#inFlight.join(flightOf(verb, requestKey(request)), () => next(request, signal));
  }

  readonly #refusedWhileDraining =
    <Request, Reply>(next: Work<Request, Reply>): Work<Request, Reply> =>
    async (request, signal) => {
      const refusal = this.#deps.bidService.refusal();
      if (refusal) throw refusal;
      return next(request, signal);
    };

  /** After this the upstreams count the VM. */
  readonly #toldAbove =
    (next: CreateWork): CreateWork =>
    (request, signal) =>
      this.#deps.vmPublisher.during(request, () => next(request, signal));

  /** The upstreams that bid for the plant ask it when the request comes again. */
  readonly #remembered =
    (next: CreateWork): CreateWork =>
    async (request, signal) => {
      const { requests } = this.#deps;
      requests.add(request.requestId);
      try {
        return await next(request, signal);
      } finally {
        requests.drop(request.requestId);
      }
    };

  readonly #toldAsItBegins =
    (next: CreateWork): CreateWork =>
    (request, signal) => {
      void this.#deps.changed();
      return next(request, signal);
    };

  readonly #toldAsItEnds =
    <Request, Reply>(next: Work<Request, Reply>): Work<Request, Reply> =>
    (request, signal) =>
      next(request, signal).finally(this.#deps.changed);

  readonly #withNumbers =
    <Request, Reply>(next: Work<Request, Reply>): Work<Request, Reply> =>
    (request, signal) =>
      next(request, signal).catch(async (thrown) => Promise.reject(await this.#deps.withNumbers(thrown)));

  readonly #onceTendingGaveWay =
    <Request, Reply>(next: Work<Request, Reply>): Work<Request, Reply> =>
    (request, signal) =>
      this.#deps.selfTending.during(() => next(request, signal));

  readonly #countedAsFailure =
    (next: CreateWork): CreateWork =>
    (request, signal) =>
      this.#deps.failures.during(next(request, signal));
}

const flightOf = (verb: string, key: RequestKey): string => `${verb} ${keyText(key)}`;
