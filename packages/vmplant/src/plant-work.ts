/**
 * Work that changes something, and what wraps it. The signal of a link is not passed on to it: a shop that vanishes or
 * gives up does not undo what its client may ask for again. Such work ends by its own limits, or as the plant stops.
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
  /** Told of each create as it begins and ends. */
  readonly requests: RequestBook;
  readonly selfTending: Pick<SelfTending, 'during'>;
  readonly vmPublisher: Pick<VmPublisher, 'during'>;
  /**
   * Told when what the plant has or holds has changed. Resolves when those above were told: before the answer that says
   * so.
   */
  readonly changed: () => Promise<void>;
  /** What was thrown, with the numbers of what the host has no more of if it is that. */
  readonly withNumbers: (thrown: unknown) => Promise<unknown>;
}

export interface PlantWorkOptions {
  readonly plantId: string;
  /** Machines made at the same time. */
  readonly concurrentCreations: number;
}

type Create = Identified<CreateRequest>;
type CreateWork = Work<Create, ClassAdJson>;

/** How long work under way may go on when the plant is told to stop; its undo must fit into the rest of the drain. */
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

  /** What wraps a create, from the outermost; `own` are the plant's checks. */
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

  /** What wraps any other work, from the outermost. */
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

  /** Whether a create of the request is under way, be it that it waits for its turn. */
  isCreating(key: RequestKey): boolean {
    return this.#inFlight.has(flightOf('create', key));
  }

  /** Lets what runs end for a while, then cancels the rest, which undoes itself. */
  async drain(signal: AbortSignal): Promise<void> {
    const stopped = () => new GridError('DRAINING', `the plant ${this.#plantId} is shutting down`);
    await within({ ms: DRAIN_GRACE_MS, signal, late: stopped }, async (until) => {
      const stop = () => this.#stopping.abort(stopped());
      until.addEventListener('abort', stop, { once: true });
      if (until.aborted) stop();
      await this.#inFlight.settled();
    });
  }

  /** A few machines are made at a time; the others wait in the order they came. */
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

  /** Those above count the VM from now on. */
  readonly #toldAbove =
    (next: CreateWork): CreateWork =>
    (request, signal) =>
      this.#deps.vmPublisher.during(request, () => next(request, signal));

  /** Whoever bids for the plant asks it when the request comes again. */
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
