/** A client that asks until it is answered, under the same request id, at any shop: what it is told is held against the grid. */
import { type ClassAdJson, type CreateRequest, GridError, type VmReply } from '@vmgrid/protocol';
import type { Shop } from '@vmgrid/vmshop';
import type { Ledger, Promised } from '../ledger.ts';
import type { Network, Way } from '../network/network.ts';
import { Violation } from '../violation.ts';
import { Life } from '../world/life.ts';
import type { Random } from '../world/random.ts';
import type { World } from '../world/world.ts';
import type { ShopNode } from './shop-node.ts';

export interface ClientDeps {
  readonly world: World;
  readonly network: Network;
  readonly shops: readonly ShopNode[];
  readonly ledger: Ledger;
  /** Told of each VM as its client hears of it. */
  readonly ready: () => void;
  /** Told what must not be. */
  readonly report: (violation: Violation) => void;
}

export interface ClientOptions {
  readonly lease: string;
  /** How long a VM is kept that is destroyed in the end. */
  readonly keepMs: (random: Random) => number;
  /** Share of VMs that are destroyed; the others are left to their lease. */
  readonly destroyRate: number;
}

/** An answer that is awaited no longer than this. */
export const PATIENCE_MS = 150_000;
/** From then on an error is taken for the answer. */
export const GIVE_UP_MS = 180_000;
const AGAIN_MS = 2_000;
const NAME = 'client';

type Answer<T> = { readonly value: T } | { readonly error: GridError } | 'silence';

/** Errors that say: not yet, or not known. */
const TRY_AGAIN: ReadonlySet<string> = new Set([
  ...[
    'PLANT_LOST',
    'DRAINING',
    'DEADLINE_EXCEEDED',
    'CANCELLED',
    'NO_PLANTS',
    'NO_BIDS',
    'AWARD_REFUSED',
    'OVERLOADED',
  ],
  ...['GUEST_LOST', 'GUEST_UNREACHABLE', 'VMM_FAILED', 'VM_STATE', 'ACTION_FAILED'],
]);

export class Client {
  readonly #deps: ClientDeps;
  readonly #options: ClientOptions;
  readonly #life: Life;
  readonly #random: Random;

  constructor(deps: ClientDeps, options: ClientOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#life = new Life(deps.world, NAME);
    this.#random = deps.world.random.fork(NAME);
  }

  /** Has a VM made, perhaps destroyed after a while. */
  async ask(requestId: string, work: Pick<CreateRequest, 'machine' | 'dag'>): Promise<void> {
    const { ledger, world } = this.#deps;
    const { lease, keepMs, destroyRate } = this.#options;
    const askedAt = world.elapsedMs;
    ledger.open(requestId);
    const text = JSON.stringify({ ...work, requestId, lease });
    const destroys = this.#random.chance(destroyRate);
    const afterMs = keepMs(this.#random);
    const answer = await this.#untilAnswered((shop) => shop.create(JSON.parse(text)).settled as Promise<VmReply>);
    if ('error' in answer) {
      world.note(`answer ${requestId} ${answer.error.code}`);
      ledger.refuse(requestId, answer.error.code);
      return;
    }
    const promised = ledger.promise(requestId, answer.value, world.elapsedMs - askedAt);
    const { vmId, plantId } = promised;
    world.note(`answer ${requestId} ${vmId} on ${plantId}`);
    this.#deps.ready();
    this.#requireHolderWon(promised, answer.value);
    if (!destroys) return;
    await this.#life.clock.sleep(afterMs);
    await this.#destroy(vmId);
  }

  async #destroy(vmId: string): Promise<void> {
    const requestId = `destroy-${vmId}`;
    const answer = await this.#untilAnswered((shop) => shop.destroy({ vmId, requestId }).settled as Promise<VmReply>);
    const state = 'error' in answer ? answer.error.code : String((answer.value.vm as ClassAdJson).State);
    this.#deps.world.note(`answer ${requestId} ${state}`);
    if (state === 'destroyed' || 'error' in answer) return;
    const message = `the answer to destroy says that ${vmId} is ${state}`;
    this.#deps.report(new Violation('answers are true', message, [vmId]));
  }

  #requireHolderWon(promised: Promised, { trail }: VmReply): void {
    if (!trail) return;
    const { requestId, plantId } = promised;
    for (const holder of this.#deps.ledger.passedOver(promised, trail)) {
      const message = `${holder} had the VM of ${requestId} and bid, but ${plantId} made another`;
      this.#deps.report(new Violation('no VM twice', message, [requestId, holder, plantId]));
    }
  }

  /** Asks one shop after the other until there is an answer that is worth something, or it has taken too long. */
  async #untilAnswered<T>(work: (shop: Shop) => Promise<T>): Promise<Exclude<Answer<T>, 'silence'>> {
    const { world, shops } = this.#deps;
    const startedAt = world.elapsedMs;
    for (;;) {
      const answer = await this.#exchange(this.#random.pick(shops), work);
      const isLate = world.elapsedMs - startedAt >= GIVE_UP_MS;
      if (answer !== 'silence' && ('value' in answer || isLate || !TRY_AGAIN.has(answer.error.code))) return answer;
      await this.#life.clock.sleep(AGAIN_MS * (0.5 + this.#random.next()));
    }
  }

  #exchange<T>(node: ShopNode, work: (shop: Shop) => Promise<T>): Promise<Answer<T>> {
    const { network } = this.#deps;
    const { promise, resolve } = Promise.withResolvers<Answer<T>>();
    this.#life.after(PATIENCE_MS, () => resolve('silence'));
    const back: Way = { lastDueAt: 0 };
    const reply = (answer: Answer<T>) => network.send(node.name, NAME, back, () => resolve(answer));
    network.send(NAME, node.name, { lastDueAt: 0 }, () => {
      const { shop } = node;
      if (shop) answerOf(shop, work).then(reply);
    });
    return promise;
  }
}

async function answerOf<T>(shop: Shop, work: (shop: Shop) => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: structuredClone(await work(shop)) };
  } catch (error) {
    return { error: GridError.from(error) };
  }
}
