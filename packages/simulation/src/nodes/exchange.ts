/** How a client asks: any shop, under the same request id, again and again until a useful answer comes. */
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
  /** Called with each violation. */
  readonly report: (violation: Violation) => void;
}

export interface Question<T> {
  /** The verb, such as `destroy`, for the account of requests. */
  readonly verb: string;
  readonly requestId: string;
  readonly ask: (shop: Shop) => Promise<T>;
  /** Codes that do not count as an answer yet. */
  readonly tryAgain?: ReadonlySet<string>;
}

export type Answer<T> = { readonly value: T } | { readonly error: GridError };

/** The client waits for one answer no longer than this. */
export const PATIENCE_MS = 150_000;
/** After this time an error counts as the answer. */
export const GIVE_UP_MS = 180_000;
const AGAIN_MS = 2_000;

/** Errors that mean: not now, or not known. */
const UNREACHED = ['PLANT_LOST', 'DRAINING', 'DEADLINE_EXCEEDED', 'CANCELLED', 'NO_PLANTS', 'OVERLOADED'];
/** Also errors that may not occur at another plant or another time. */
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

/** Which errors do not count as an answer for a client yet. */
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
