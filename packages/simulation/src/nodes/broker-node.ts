/** A broker: the product's own, on a virtual clock and network. When it is killed it forgets everything. */
import { Absences, listenAll, Membership, openMarket, VmBook } from '@vmgrid/market';
import type { Hello } from '@vmgrid/protocol';
import { Announcer, Broker } from '@vmgrid/vmbroker';
import type { Lower } from '../network/fabric.ts';
import { ProcessNode, type ProcessNodeDeps } from './process-node.ts';

export interface BrokerNodeOptions {
  readonly name: string;
  readonly upstreams: readonly string[];
  readonly plantReturnMs: number;
}

export class BrokerNode extends ProcessNode {
  readonly #upstreams: readonly string[];
  readonly #plantReturnMs: number;

  constructor(deps: ProcessNodeDeps, { name, upstreams, plantReturnMs }: BrokerNodeOptions) {
    super(deps, name);
    this.#upstreams = upstreams;
    this.#plantReturnMs = plantReturnMs;
  }

  protected override run(): void {
    const { name, life } = this;
    const { clock } = life;
    const { fabric } = this.deps;
    const announcer = new Announcer();
    const book = new VmBook({ clock, keepsAbsent: false, news: (events) => announcer.tellVms(events) });
    const absences = new Absences({ clock, returnMs: this.#plantReturnMs, forgetMs: this.#plantReturnMs });
    const membership = new Membership({
      ...{ selfId: name, clock, onProgress: () => undefined },
      onVms: (link, event) => book.apply(link, event),
      onChange: (change) => {
        announcer.tellChange(change);
        book.note(change);
        absences.note(change);
      },
    });
    const { market, offerReceiver } = openMarket({
      ...{ clock, newAuctionId: () => this.newId() },
      onFault: ({ plantId, err }) => this.fault(plantId, err),
    });
    const broker = new Broker({ membership, absences, market }, { brokerId: name });
    const ad = { MyType: 'Broker', Name: name };
    const hello = (): Hello => ({ plantId: name, version: 'simulated', role: 'broker', ad });
    const opened: Lower['opened'] = (link) => void announcer.tellAll(link, { membership, book });
    fabric.listen({ name, life, listener: listenAll(membership, offerReceiver) });
    const lower = { name, life, hello, handlers: broker.handlers(), opened };
    for (const upstream of this.#upstreams) fabric.dial(lower, upstream);
  }
}
