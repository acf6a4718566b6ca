/** News for one upstream that are sent together: who came and went first, then VMs. */
import {
  BROKER_LIMITS,
  type LinkClient,
  type MembersEvent,
  type PlantBelow,
  tellVms,
  type VmsEvent,
} from '@vmgrid/protocol';

export type NewsLink = Pick<LinkClient, 'notify' | 'reset'>;

export class NewsBatch {
  readonly #joined: PlantBelow[] = [];
  readonly #left: MembersEvent['left'][number][] = [];
  readonly #vms: VmsEvent[] = [];
  readonly #plants = new Set<string>();

  get isEmpty(): boolean {
    return this.#plants.size === 0;
  }

  /** Whether there is news of a plant: what becomes of its membership afterwards belongs into a later batch. */
  has(plantId: string): boolean {
    return this.#plants.has(plantId);
  }

  join(plant: PlantBelow): void {
    this.#plants.add(plant.plantId);
    this.#joined.push(plant);
  }

  leave(plantId: string, reason: string): void {
    this.#plants.add(plantId);
    this.#left.push({ plantId, reason });
  }

  tell(event: VmsEvent): void {
    this.#plants.add(event.plantId);
    this.#vms.push(event);
  }

  /** A receiver that misses one message would stay wrong: its link is ended, and it gets everything again later. */
  sendTo(link: NewsLink): void {
    const { membersPerMessage } = BROKER_LIMITS;
    for (let start = 0; start < Math.max(this.#joined.length, this.#left.length); start += membersPerMessage) {
      const some = <T>(all: readonly T[]): T[] => all.slice(start, start + membersPerMessage);
      if (link.notify('members', { joined: some(this.#joined), left: some(this.#left) })) continue;
      link.reset('a change of members could not be sent');
      return;
    }
    tellVms(link, this.#vms);
  }
}
