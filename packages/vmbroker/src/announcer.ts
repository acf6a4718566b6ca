/** Tells the shops and brokers above which plants are below and what VMs they have: all after a hello, then each change. */
import type { MemberChange, Membership, VmBook } from '@vmgrid/market';
import {
  BROKER_LIMITS,
  type LinkClient,
  type MembersEvent,
  type PlantBelow,
  tellVms,
  type Upstreams,
  type VmsEvent,
} from '@vmgrid/protocol';

export class Announcer {
  readonly #upstreams: Pick<Upstreams, 'links'>;

  constructor(upstreams: Pick<Upstreams, 'links'>) {
    this.#upstreams = upstreams;
  }

  /** To one that has just heard the hello and knows of no plant. */
  tellAll(link: LinkClient, { membership, book }: { readonly membership: Membership; readonly book: VmBook }): void {
    const plants = membership.plants().map(({ bidder, via }): PlantBelow => {
      const { plantId, hello } = bidder;
      return { plantId, version: hello.version, via };
    });
    for (let start = 0; start < plants.length; start += BROKER_LIMITS.membersPerMessage) {
      tell(link, { joined: plants.slice(start, start + BROKER_LIMITS.membersPerMessage), left: [] });
    }
    for (const whole of book.wholes()) tellVms(link, whole);
  }

  /** Whoever could not use the way before has heard nothing of the plant's VMs: they are told again with the new way. */
  tellChange({ change, role, plantId, version, via, reason = '' }: MemberChange, book: Pick<VmBook, 'whole'>): void {
    if (role === 'broker') return;
    const event: MembersEvent =
      change === 'left'
        ? { joined: [], left: [{ plantId, reason }] }
        : { joined: [{ plantId, version, via }], left: [] };
    for (const link of this.#upstreams.links) tell(link, event);
    if (change === 'moved') this.tellVms(book.whole(plantId));
  }

  /** What a plant told. */
  tellVms(events: readonly VmsEvent[]): void {
    for (const link of this.#upstreams.links) tellVms(link, events);
  }
}

/** Whoever misses one change would be wrong for good; after a new hello it hears all. */
function tell(link: LinkClient, event: MembersEvent): void {
  if (link.state !== 'open' || link.notify('members', event)) return;
  link.reset('a change of members could not be sent');
}
