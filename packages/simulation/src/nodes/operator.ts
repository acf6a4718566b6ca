/**
 * An operator who has images built and sometimes removed, and checks that a built image is in its plant's warehouse.
 */
import type { BuildImageReply, CreateRequest } from '@vmgrid/protocol';
import type { Shop } from '@vmgrid/vmshop';
import type { Ledger } from '../ledger.ts';
import type { Network } from '../network/network.ts';
import type { PlantNode } from '../plant/plant-node.ts';
import { Violation } from '../violation.ts';
import { Life } from '../world/life.ts';
import type { Random } from '../world/random.ts';
import type { World } from '../world/world.ts';
import { Exchange } from './exchange.ts';
import type { ShopNode } from './shop-node.ts';

export interface OperatorDeps {
  readonly world: World;
  readonly network: Network;
  readonly shops: readonly ShopNode[];
  readonly plants: readonly PlantNode[];
  readonly ledger: Ledger;
  /** Called with each violation. */
  readonly report: (violation: Violation) => void;
}

const NAME = 'operator';
const REMOVE_RATE = 0.3;
const KEEP_MEAN_MS = 60_000;

export class Operator {
  readonly #deps: OperatorDeps;
  readonly #life: Life;
  readonly #random: Random;
  readonly #exchange: Exchange;
  /** Images whose removal was requested: they may be gone. */
  readonly #removed = new Set<string>();

  constructor(deps: OperatorDeps) {
    this.#deps = deps;
    this.#life = new Life(deps.world, NAME);
    this.#random = deps.world.random.fork(NAME);
    this.#exchange = new Exchange({ ...deps, life: this.#life, random: this.#random });
  }

  async build(requestId: string, work: Pick<CreateRequest, 'machine' | 'dag'>): Promise<void> {
    const removes = this.#random.chance(REMOVE_RATE);
    const afterMs = this.#random.exponential(KEEP_MEAN_MS);
    const text = JSON.stringify({ ...work, requestId });
    const ask = (shop: Shop) => shop.imageWork.build(JSON.parse(text)).settled as Promise<BuildImageReply>;
    const answer = await this.#exchange.untilAnswered({ verb: 'build', requestId, ask });
    if ('error' in answer) return;
    const { imageId, plants } = answer.value.image;
    this.#requireImage(requestId, imageId, plants);
    if (!removes) return;
    await this.#life.clock.sleep(afterMs);
    this.#removed.add(imageId);
    const remove = (shop: Shop) => shop.images.remove(imageId);
    await this.#exchange.untilAnswered({ verb: 'remove', requestId: `remove-${requestId}`, ask: remove });
  }

  #requireImage(requestId: string, imageId: string, holders: readonly string[]): void {
    const { plants, report } = this.#deps;
    const has = ({ plantId, disk }: PlantNode) => holders.includes(plantId) && disk.images.has(imageId);
    if (this.#removed.has(imageId) || plants.some(has)) return;
    report(new Violation('answers are true', `${requestId} made ${imageId}, which is nowhere`, [requestId, imageId]));
  }
}
