/** A shop: the product's own, on a virtual clock and network. Killed, it forgets everything. */
import { checkConfig } from '@vmgrid/daemon';
import { Operations } from '@vmgrid/http-api';
import { Absences, listenAll, Membership, openMarket, VmBook } from '@vmgrid/market';
import { GridError } from '@vmgrid/protocol';
import { PlantFeed, Shop, ShopConfig, VmEvents } from '@vmgrid/vmshop';
import { ProcessNode, type ProcessNodeDeps } from './process-node.ts';

export interface ShopNodeOptions {
  readonly name: string;
  readonly bidWindowMs: number;
  readonly requestDeadlineMs: number;
  readonly plantReturnMs: number;
}

/** A simulation has no operators who would look at past auctions. */
const noHistory = {
  keep: () => undefined,
  list: () => ({ auctions: [] }),
  get: ({ auctionId }: { readonly auctionId: string }): never => {
    throw new GridError('AUCTION_UNKNOWN', `no auction ${auctionId} is kept in a simulation`, { auctionId });
  },
};

export class ShopNode extends ProcessNode {
  readonly #config: ShopConfig;
  #shop: Shop | undefined;
  #book: VmBook | undefined;

  constructor(deps: ProcessNodeDeps, { name, ...config }: ShopNodeOptions) {
    super(deps, name);
    this.#config = checkConfig(ShopConfig, config, name);
  }

  /** The shop, while its process runs. */
  get shop(): Shop | undefined {
    return this.life.isAlive ? this.#shop : undefined;
  }

  /** The shop's record of VMs, while its process runs. */
  get book(): VmBook | undefined {
    return this.life.isAlive ? this.#book : undefined;
  }

  protected override run(): void {
    const { name, life } = this;
    const { clock } = life;
    const operations = new Operations({ kept: this.#config.requestsKept });
    const vmEvents = new VmEvents();
    const changed: VmEvents['changed'] = (...change) => vmEvents.changed(...change);
    const book = new VmBook({ clock, keepsAbsent: true, changed });
    const { plantReturnMs: returnMs, plantForgetMs: forgetMs } = this.#config;
    const absences = new Absences({ clock, returnMs, forgetMs });
    const membership = new Membership({
      ...{ clock, onProgress: () => undefined },
      onVms: (link, event) => book.apply(link, event),
      onChange: (change) => {
        book.note(change);
        absences.note(change);
      },
    });
    const { market, offerReceiver } = openMarket({
      ...{ clock, newAuctionId: () => this.newId() },
      onFault: ({ plantId, err }) => this.fault(plantId, err),
    });
    const feed = new PlantFeed(clock);
    const deps = { membership, absences, operations, market, vmEvents, book, feed, auctions: noHistory };
    this.#book = book;
    this.#shop = new Shop(deps, this.#config);
    this.deps.fabric.listen({ name, life, listener: listenAll(membership, offerReceiver) });
  }
}
