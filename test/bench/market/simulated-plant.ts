/** A plant without machines: the link, admission, offers and published state of a real one, and VMs that are only counted. */
import {
  Admission,
  type Durations,
  HeldTokens,
  ImageIndex,
  type ImageSet,
  makeOffer,
  OfferBook,
  OfferFeed,
  type OfferRest,
  PublishedSets,
  parseCost,
  plantAd,
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
  sees,
  TRUST_ALL,
} from '@vmgrid/protocol';
import { v4 as uuid } from 'uuid';
import { VmTeller } from '../../../packages/vmplant/src/vm-teller.ts';
import { formerId, learntBefore } from './plant-past.ts';
import { images, LINES } from './warehouse.ts';

export interface SimulatedPlantOptions {
  readonly plantId: string;
  readonly url: string;
  /** Shown to whom it dials. */
  readonly joinToken: string;
  /** Requests of VMs that are gone which it remembers from before. */
  readonly departed: number;
  /** Actions whose durations it has learnt before. */
  readonly actions: number;
  /** Whether it publishes its offer, or has to be asked. */
  readonly publishes: boolean;
  /** Each answer takes this long. */
  readonly slowMs: number;
  /** A VM is gone after this. */
  readonly vmLifeMs: number;
}

/** Departed VMs that are remembered at least. */
const DEPARTED_KEPT = 32;
const BID_VALIDITY_MS = 30_000;
const LEASE_MAX_MS = 86_400_000;
const COST = 'memory';
const cost = parseCost(COST);
const index = ImageIndex.of(images.values());
const sets = new PublishedSets();
const lines = new Map(LINES.map((line) => [line.line, line]));
const NOTHING_LEARNT: Durations = { expect: () => undefined, least: () => undefined };

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
  readonly #came: string[] = [];
  /** Requests of before that are forgotten: their ids are only numbers. */
  #forgotten = 0;
  readonly #requests = new HeldTokens();
  readonly #book: OfferBook;
  readonly #teller: VmTeller;
  readonly #living = new Map<string, ClassAdJson>();
  readonly joined: Promise<void>;

  constructor(options: SimulatedPlantOptions) {
    this.#options = options;
    const { plantId, departed, actions } = options;
    for (let number = 0; number < departed; number++) this.#requests.add(formerId(plantId, number));
    const durations = learntBefore(actions);
    this.#book = new OfferBook({ requests: this.#requests, durations, departed: { forgottenUntil: 0 } });
    this.#teller = new VmTeller({ plantId, run: Date.now(), clock: Date });
    this.#admission = new Admission({ memoryMiB: 16_384, diskMiB: 1_000_000, cpusPerVm: 8, vms: 64 });
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
        this.#teller.opened(this.#link);
        this.#feed.restart();
        this.#tell();
        resolve();
      },
    });
    this.#feed = new OfferFeed((event) => this.#link.notify('offer', event));
  }

  #handlers(): Pick<PlantHandlers, 'estimate' | 'create' | 'list' | 'imageSet'> {
    return {
      estimate: async (request) => {
        await this.#beSlow();
        const snapshot = this.#snapshot();
        return makeOffer(request, {
          plantId: this.#options.plantId,
          ...{ now: Date.now(), bidValidityMs: BID_VALIDITY_MS, ad: plantAd(snapshot), cost },
          ...{ images: index, lines, durations: NOTHING_LEARNT },
          refusal: () => refusalOf(request, { plant: snapshot, leaseMaxMs: LEASE_MAX_MS }),
        });
      },
      create: async (request) => {
        await this.#beSlow();
        return this.#teller.during(request, async () => this.#create(request));
      },
      list: async ({ caller }) => [...this.#living.values()].filter(({ Owner }) => sees(caller, String(Owner))),
      imageSet: async (request) => sets.page(request),
    };
  }

  #create({ machine, requestId, caller }: Identified<CreateRequest>): ClassAdJson {
    const vmId = `vm-${uuid()}`;
    this.#admission.reserve(vmId, machine);
    const leaseEndsAt = new Date(Date.now() + LEASE_MAX_MS).toISOString();
    const record = {
      vmId,
      requestId,
      machine,
      leaseEndsAt,
      state: 'running',
      ...(caller && { owner: caller.owner }),
    } as const;
    this.#teller.recorded(record);
    this.#came.push(requestId);
    this.#requests.add(requestId);
    const ad = {
      ...{ MyType: 'VM', VmId: vmId, RequestId: requestId, PlantId: this.#options.plantId, State: 'running' },
      ...{ MemoryMiB: machine.memoryMiB, DiskMiB: machine.diskMiB, Owner: caller?.owner ?? 'nobody' },
    };
    this.#living.set(vmId, ad);
    this.#tell();
    setTimeout(() => this.#end(record), this.#options.vmLifeMs);
    return ad;
  }

  #end(record: Parameters<VmTeller['leaseEnding']>[0]): void {
    this.#teller.recorded(undefined, record);
    this.#admission.release(record.vmId);
    this.#living.delete(record.vmId);
    this.#forgetOldest();
    this.#tell();
  }

  /** As many are remembered as at the beginning, and a few. */
  #forgetOldest(): void {
    const { plantId, departed } = this.#options;
    if (this.#requests.size <= this.#admission.usage.vms + Math.max(DEPARTED_KEPT, departed)) return;
    this.#requests.drop(this.#forgotten < departed ? formerId(plantId, this.#forgotten++) : this.#came.shift()!);
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
