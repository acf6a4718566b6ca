/** A client that asks until it is answered, and compares the answers with the grid. */
import type { ClassAdJson, CreateRequest, VmReply } from '@vmgrid/protocol';
import type { Shop } from '@vmgrid/vmshop';
import type { Ledger, Promised } from '../ledger.ts';
import type { Network } from '../network/network.ts';
import { Violation } from '../violation.ts';
import { Life } from '../world/life.ts';
import type { Random } from '../world/random.ts';
import type { World } from '../world/world.ts';
import { type Deed, type DeedOptions, doDeed, drawDeeds, stateAfter } from './deed.ts';
import { Exchange, TRY_AGAIN } from './exchange.ts';
import type { ShopNode } from './shop-node.ts';

export interface ClientDeps {
  readonly world: World;
  readonly network: Network;
  readonly shops: readonly ShopNode[];
  readonly ledger: Ledger;
  /** Called with each VM when its client learns of it. */
  readonly ready: () => void;
  /** Called with each violation. */
  readonly report: (violation: Violation) => void;
}

export interface ClientOptions {
  readonly lease: string;
  /** Milliseconds for which a VM that the client destroys is kept, besides the time that deeds take. */
  readonly keepMs: (random: Random) => number;
  /** Share of VMs that the client destroys; the others are left to their lease. */
  readonly destroyRate: number;
  /** Share of VMs that are suspended when their lease ends. */
  readonly suspendRate: number;
  readonly deeds: DeedOptions;
  /** Share of requests that are cancelled, and how long after they were asked. */
  readonly cancels: { readonly rate: number; readonly meanMs: number };
}

const NAME = 'client';
/** In the account of what was asked a cancel stands beside its request. */
const CANCEL_OF = 'cancel of ';

export class Client {
  readonly #deps: ClientDeps;
  readonly #options: ClientOptions;
  readonly #life: Life;
  readonly #random: Random;
  /** Cancels are drawn apart: they change no other draw. */
  readonly #cancelRandom: Random;
  readonly #exchange: Exchange;

  constructor(deps: ClientDeps, options: ClientOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#life = new Life(deps.world, NAME);
    this.#random = deps.world.random.fork(NAME);
    this.#cancelRandom = deps.world.random.fork('cancels');
    this.#exchange = new Exchange({ ...deps, life: this.#life, random: this.#random });
  }

  /** Asks for a VM, does its deeds with it, and perhaps destroys it. */
  async ask(requestId: string, work: Pick<CreateRequest, 'machine' | 'dag'>): Promise<void> {
    const { ledger, world } = this.#deps;
    const { lease, keepMs, destroyRate, suspendRate, deeds: deedOptions } = this.#options;
    const askedAt = world.elapsedMs;
    ledger.open(requestId);
    const destroys = this.#random.chance(destroyRate);
    const afterMs = keepMs(this.#random);
    const deeds = drawDeeds(requestId, this.#random, deedOptions);
    const atLeaseEnd = this.#random.chance(suspendRate) ? 'suspend' : 'destroy';
    if (this.#cancelRandom.chance(this.#options.cancels.rate)) void this.#cancel(requestId);
    const text = JSON.stringify({ ...work, requestId, lease, atLeaseEnd });
    const answer = await this.#exchange.untilAnswered({
      ...{ verb: 'create', requestId, tryAgain: TRY_AGAIN.whenUnlucky },
      ask: (shop) => shop.create(JSON.parse(text)).settled as Promise<VmReply>,
    });
    if ('error' in answer) {
      ledger.refuse(requestId, answer.error.code);
      return;
    }
    const promised = ledger.promise(requestId, answer.value, world.elapsedMs - askedAt);
    this.#requireNoVm(requestId);
    world.note(`${requestId} is ${promised.vmId} on ${promised.plantId}`);
    this.#deps.ready();
    this.#requireHolderWon(promised, answer.value);
    for (const deed of deeds) await this.#do(deed, promised.vmId);
    if (!destroys) return;
    await this.#life.clock.sleep(afterMs);
    await this.#destroy(promised.vmId);
  }

  /** From the moment of this answer there is no VM of the request, and none comes. */
  async #cancel(requestId: string): Promise<void> {
    await this.#life.clock.sleep(this.#cancelRandom.exponential(this.#options.cancels.meanMs));
    const answer = await this.#exchange.untilAnswered({
      ...{ verb: 'cancel', requestId: `${CANCEL_OF}${requestId}` },
      ask: (shop) => shop.canceller.cancel({ requestId }),
    });
    const isCancelled = 'value' in answer && answer.value.error?.code === 'REQUEST_CANCELLED';
    if (!isCancelled) return;
    this.#deps.ledger.cancelled.add(requestId);
    this.#requireNoVm(requestId);
  }

  /** A request that was cancelled is answered as such. */
  #requireNoVm(requestId: string): void {
    const { ledger } = this.#deps;
    if (!ledger.cancelled.has(requestId) || ledger.requests.get(requestId)?.kind !== 'made') return;
    const message = `${requestId} was cancelled, and its client was told of a VM`;
    this.#deps.report(new Violation('cancelled is undone', message, [requestId]));
  }

  async #do(deed: Deed, vmId: string): Promise<void> {
    await this.#life.clock.sleep(deed.afterMs);
    const { lease } = this.#options;
    const { kind: verb, requestId } = deed;
    const answer = await this.#exchange.untilAnswered({
      ...{ verb, requestId },
      ask: (shop) => doDeed(shop, deed, { vmId, lease }),
    });
    const wanted = stateAfter(deed.kind);
    if ('error' in answer || wanted === undefined) return;
    this.#requireState(answer.value, wanted, verb);
  }

  async #destroy(vmId: string): Promise<void> {
    const requestId = `destroy-${vmId}`;
    const ask = (shop: Shop) => shop.destroy({ vmId, requestId }).settled as Promise<VmReply>;
    const answer = await this.#exchange.untilAnswered({ verb: 'destroy', requestId, ask });
    if (!('error' in answer)) this.#requireState(answer.value, 'destroyed', 'destroy');
  }

  #requireState({ vm }: VmReply, wanted: string, verb: string): void {
    const { VmId, State } = vm as ClassAdJson;
    if (State === wanted) return;
    const message = `the answer to ${verb} says that ${VmId} is ${State}`;
    this.#deps.report(new Violation('answers are true', message, [String(VmId)]));
  }

  #requireHolderWon(promised: Promised, reply: VmReply): void {
    const { ledger } = this.#deps;
    const { requestId, plantId } = promised;
    // A reply builds its trail anew each time it is read.
    const trail = ledger.hasOtherHolders(promised) ? reply.trail : undefined;
    for (const holder of trail ? ledger.passedOver(promised, trail) : []) {
      const message = `${holder} had the VM of ${requestId} and bid, but ${plantId} made another`;
      this.#deps.report(new Violation('no VM twice', message, [requestId, holder, plantId]));
    }
  }
}
