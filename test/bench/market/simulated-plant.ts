/**
 * A plant without machines: the link, admission, offers and published state of a real one, and VMs that are only
 * counted.
 */
import {
  Admission,
  type Durations,
  ImageIndex,
  type ImageSet,
  type LearntBook,
  makeOffer,
  OfferBook,
  OfferFeed,
  type OfferRest,
  OwnerBook,
  PublishedSets,
  parseCost,
  plantAd,
  RequestFingerprints,
  refusalOf,
} from '@vmgrid/bidding';
import {
  adToJson,
  type ClassAdJson,
  type CreateRequest,
  dialLink,
  type Identified,
  type LineReport,
  type LinkClient,
  type LinkLog,
  type PlantHandlers,
  type PlantSnapshot,
  TRUST_ALL,
} from '@vmgrid/protocol';
import { v4 as uuid } from 'uuid';
import { VmPublisher } from '../../../packages/vmplant/src/vms/vm-publisher.ts';
import { learntDurations } from './plant-past.ts';
import { images, LINES } from './warehouse.ts';

export interface SimulatedPlantOptions {
  readonly plantId: string;
  readonly url: string;
  /** Shown to whom it dials. */
  readonly joinToken: string;
  /** Whether it publishes its offer, or has to be asked. */
  readonly publishes: boolean;
  /** Each answer takes this long. */
  readonly slowMs: number;
  /** A VM is gone after this. */
  readonly vmLifeMs: number;
  /** DestroyedVms VMs that it remembers: from the start, and at most. */
  readonly destroyedVms: number;
  /** Actions whose durations it has learnt. */
  readonly actions: number;
}

const BID_VALIDITY_MS = 30_000;
const LEASE_MAX_MS = 86_400_000;
const COST = 'memory';
const cost = parseCost(COST);
const index = ImageIndex.of(images.values());
const sets = new PublishedSets();
const lines = new Map(LINES.map((line) => [line.line, line]));
/** Durations for actions that nobody asks for. */
const NOTHING_EXPECTED: Durations = { expect: () => undefined, least: () => undefined };
const learnt = (actions: number): LearntBook => ({
  ...{ isCoarse: false, all: () => learntDurations(actions), takeNews: () => ({}) },
});

const quiet: LinkLog = {
  info: () => undefined,
  warn: () => undefined,
  error: (...told: unknown[]) => console.error(...told),
};

export class SimulatedPlant {
  readonly #options: SimulatedPlantOptions;
  readonly #admission: Admission;
  readonly #feed: OfferFeed;
  readonly #link: LinkClient;
  /** Ids of the requests that came, the oldest first. */
  readonly #held: string[] = [];
  readonly #publisher: VmPublisher;
  /** Requests of before that are forgotten: their ids are only numbers. */
  #forgotten = 0;
  readonly #fingerprints = new RequestFingerprints();
  readonly #book: OfferBook;
  readonly joined: Promise<void>;

  constructor(options: SimulatedPlantOptions) {
    this.#options = options;
    this.#book = new OfferBook({
      ...{ requests: this.#fingerprints, durations: learnt(options.actions) },
      ...{ destroyedVms: { forgottenUntil: 0 }, owners: new OwnerBook() },
    });
    for (let number = 0; number < options.destroyedVms; number++) this.#fingerprints.add(this.#formerId(number));
    this.#admission = new Admission({ memoryMiB: 16_384, diskMiB: 1_000_000, cpusPerVm: 8, vms: 64 });
    this.#publisher = new VmPublisher({ plantId: options.plantId, run: Date.now(), clock: Date });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.joined = promise;
    this.#link = dialLink({
      url: options.url,
      hello: () => ({ plantId: options.plantId, version: '0.1.0', ad: this.#ad() }),
      handlers: this.#handlers() as PlantHandlers,
      log: quiet,
      trust: { ...TRUST_ALL, credentials: () => ({ headers: { authorization: `Bearer ${options.joinToken}` } }) },
      random: Math.random,
      changed: (state) => {
        if (state !== 'open') return;
        this.#publisher.opened(this.#link);
        this.#feed.restart();
        this.#tell();
        resolve();
      },
    });
    this.#feed = new OfferFeed((event) => this.#link.notify('offer', event));
  }

  #handlers(): Pick<PlantHandlers, 'estimate' | 'create' | 'imageSet'> {
    return {
      estimate: async (request) => {
        await this.#beSlow();
        const snapshot = this.#snapshot();
        return makeOffer(request, {
          plantId: this.#options.plantId,
          ...{ now: Date.now(), bidValidityMs: BID_VALIDITY_MS, ad: plantAd(snapshot), cost },
          ...{ images: index, lines, durations: NOTHING_EXPECTED },
          refusal: () => refusalOf(request, { plant: snapshot, leaseMaxMs: LEASE_MAX_MS }),
        });
      },
      create: async (request) => {
        await this.#beSlow();
        return this.#publisher.during(request, async () => this.#create(request));
      },
      imageSet: async (request) => sets.page(request),
    };
  }

  #create({ machine, requestId, caller }: Identified<CreateRequest>): ClassAdJson {
    const vmId = `vm-${uuid()}`;
    this.#admission.reserve(vmId, machine);
    const leaseEndsAt = new Date(Date.now() + LEASE_MAX_MS).toISOString();
    const record = { vmId, requestId, machine, leaseEndsAt, ...(caller && { owner: caller.owner }) };
    this.#publisher.recorded({ ...record, state: 'running' });
    this.#held.push(requestId);
    this.#fingerprints.add(requestId);
    this.#tell();
    setTimeout(() => {
      this.#publisher.recorded(undefined, { ...record, state: 'running' });
      this.#admission.release(vmId);
      this.#forgetOldest();
      this.#tell();
    }, this.#options.vmLifeMs);
    return { MyType: 'VM', VmId: vmId, RequestId: requestId, PlantId: this.#options.plantId };
  }

  #formerId(number: number): string {
    return `${this.#options.plantId}-departed-${number}`;
  }

  /** The oldest of all that it remembers. */
  #forgetOldest(): void {
    const isFormer = this.#forgotten < this.#options.destroyedVms;
    this.#fingerprints.drop(isFormer ? this.#formerId(this.#forgotten++) : this.#held.shift()!);
  }

  async #beSlow(): Promise<void> {
    const { slowMs } = this.#options;
    if (slowMs > 0) await new Promise((resolve) => setTimeout(resolve, slowMs));
  }

  #tell(): void {
    if (!this.#options.publishes) {
      this.#link.notify('ad', this.#ad());
      return;
    }
    const telling = this.#book.tell(this.#rest());
    if ('askedBecause' in telling) throw new Error(telling.askedBecause);
    this.#feed.tell(telling);
  }

  #rest(): OfferRest {
    return {
      ...{ plant: this.#snapshot(), cost: COST, bidValidityMs: BID_VALIDITY_MS, leaseMaxMs: LEASE_MAX_MS },
      ...{ images: sets.digestOf(images as ImageSet), least: {} },
    };
  }

  #ad(): ClassAdJson {
    return adToJson(plantAd(this.#snapshot()));
  }

  #snapshot(): PlantSnapshot {
    const { capacity, usage } = this.#admission;
    return {
      ...{ plantId: this.#options.plantId, version: '0.1.0', capacity, usage, lines: LINES as LineReport[] },
      ...{ loadAverage: 0, guestNetwork: 'isolated', hostActions: [], imageCount: images.size, draining: false },
    };
  }
}
