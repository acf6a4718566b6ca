/**
 * A client's way of asking: at any shop, under the same request id, again and again until there is an answer worth
 * something.
 */
import { GridError } from '@vmgrid/protocol';
import type { Shop } from '@vmgrid/vmshop';
import type { Ledger } from '../ledger.ts';
import type { Network, Way } from '../network/network.ts';
import { Violation } from '../violation.ts';
import type { Life } from '../world/life.ts';
import type { Random } from '../world/random.ts';
import type { World } from '../world/world.ts';
import type { ShopNode } from './shop-node.ts';

export interface ExchangeDeps {
  readonly world: World;
  readonly network: Network;
  readonly shops: readonly ShopNode[];
  readonly life: Life;
  readonly random: Random;
  readonly ledger: Ledger;
  /** Told what must not be. */
  readonly report: (violation: Violation) => void;
}

export interface Question<T> {
  /** Such as `destroy`, for the account of what was asked. */
  readonly verb: string;
  readonly requestId: string;
  readonly ask: (shop: Shop) => Promise<T>;
  /** Codes that are no answer yet. */
  readonly tryAgain?: ReadonlySet<string>;
}

export type Answer<T> = { readonly value: T } | { readonly error: GridError };

/** An answer that is awaited no longer than this. */
export const PATIENCE_MS = 150_000;
/** From then on an error is taken for the answer. */
export const GIVE_UP_MS = 180_000;
const AGAIN_MS = 2_000;

/** Errors that say: not now, or not known. */
const UNREACHED = ['PLANT_LOST', 'DRAINING', 'DEADLINE_EXCEEDED', 'CANCELLED', 'NO_PLANTS', 'OVERLOADED'];
/** With what may end otherwise at another plant or another time. */
const UNLUCKY = [
  'NO_BIDS',
  'AWARD_REFUSED',
  'GUEST_LOST',
  'GUEST_UNREACHABLE',
  'VMM_FAILED',
  'VM_STATE',
  'ACTION_FAILED',
];

/** Errors of the program itself. */
const FAULTS: ReadonlySet<string> = new Set(['INTERNAL', 'LINK_PROTOCOL']);

/** Which errors a client takes for no answer yet. */
export const TRY_AGAIN = {
  whenUnreached: new Set<string>(UNREACHED),
  whenUnlucky: new Set<string>([...UNREACHED, ...UNLUCKY]),
} as const;

export class Exchange {
  readonly #deps: ExchangeDeps;

  constructor(deps: ExchangeDeps) {
    this.#deps = deps;
  }

  async untilAnswered<T>(question: Question<T>): Promise<Answer<T>> {
    const { ledger, world } = this.#deps;
    const { verb, requestId, ask, tryAgain = TRY_AGAIN.whenUnreached } = question;
    ledger.ask(requestId, verb);
    const answer = await this.#untilAnswered(ask, tryAgain);
    const outcome = 'error' in answer ? answer.error.code : 'done';
    ledger.answer(requestId, outcome);
    world.note(`answer ${requestId} ${outcome}`);
    if ('error' in answer && FAULTS.has(outcome)) this.#reportFault(requestId, answer.error);
    return answer;
  }

  #reportFault(requestId: string, { code, message }: GridError): void {
    const said = `${requestId} was answered with ${code}: ${message}`;
    this.#deps.report(new Violation('every error has its code', said, [requestId]));
  }

  async #untilAnswered<T>(work: (shop: Shop) => Promise<T>, tryAgain: ReadonlySet<string>): Promise<Answer<T>> {
    const { world, shops, life, random } = this.#deps;
    const startedAt = world.elapsedMs;
    for (;;) {
      const answer = await this.#ask(random.pick(shops), work);
      const isLate = world.elapsedMs - startedAt >= GIVE_UP_MS;
      if (answer !== 'silence' && ('value' in answer || isLate || !tryAgain.has(answer.error.code))) return answer;
      await life.clock.sleep(AGAIN_MS * (0.5 + random.next()));
    }
  }

  #ask<T>(node: ShopNode, work: (shop: Shop) => Promise<T>): Promise<Answer<T> | 'silence'> {
    const { network, life } = this.#deps;
    const { promise, resolve } = Promise.withResolvers<Answer<T> | 'silence'>();
    life.after(PATIENCE_MS, () => resolve('silence'));
    const back: Way = { from: node.name, to: life.name, lastDueAt: 0 };
    const reply = (answer: Answer<T>) => network.send(back, () => resolve(answer));
    network.send({ from: life.name, to: node.name, lastDueAt: 0 }, () => {
      const { shop } = node;
      const hangUp = () => network.send(back, () => resolve('silence'));
      if (!shop) return hangUp();
      node.life.whenKilled(hangUp);
      answerOf(shop, work).then(reply);
    });
    return promise;
  }
}

async function answerOf<T>(shop: Shop, work: (shop: Shop) => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await work(shop) };
  } catch (error) {
    return { error: GridError.from(error) };
  }
}
