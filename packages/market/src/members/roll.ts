/**
 * Decides who is asked: all who are connected, and each known plant that is absent, by its own name. So an answer never
 * says "there is none" while a plant that may know is absent.
 */
import { type Bidder, GridError } from '@vmgrid/protocol';
import type { Absences } from './absences.ts';
import type { Membership } from './membership.ts';
import { notBack } from './not-back.ts';

export interface RollWait {
  /** How long an absent plant that may come back is waited for at most. */
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

type Members = Pick<Membership, 'bidders' | 'find' | 'awaitReturn' | 'plantCount'>;

export class Roll {
  readonly #membership: Members;
  readonly #absences: Absences;
  readonly #daemon: string;

  /** `daemon`: whose roll it is, as errors say it: `the shop`. */
  constructor(membership: Members, absences: Absences, daemon: string) {
    this.#membership = membership;
    this.#absences = absences;
    this.#daemon = daemon;
  }

  /**
   * For a question to all. An absent plant is asked when it comes back within this time, else it fails with PLANT_LOST.
   * @throws GridError NO_PLANTS when nobody is here or known, and the daemon began just now
   */
  everyone({ waitMs = 0 }: { readonly waitMs?: number } = {}): readonly Bidder[] {
    const absent = this.#absences.all();
    if (absent.length > 0) {
      return [...this.#membership.bidders(), ...absent.map(({ plantId }) => this.#standIn(plantId, waitMs))];
    }
    if (this.#absences.firstWaitMs > 0) this.requireAnyone();
    return this.#membership.bidders();
  }

  /** Plants that are absent and may come back any moment. */
  awaited(): readonly string[] {
    return this.#absences.awaited();
  }

  /**
   * The plant, as soon as it is back. @throws GridError PLANT_LOST when it is not here and is not, or no longer, waited
   * for
   */
  async find(plantId: string, { waitMs, signal }: RollWait): Promise<Bidder> {
    const here = this.#membership.find(plantId);
    if (here) return here;
    const withinMs = Math.min(waitMs, this.#absences.waitMs(plantId));
    if (withinMs === 0) throw notHere(plantId);
    return this.#membership.awaitReturn(plantId, withinMs, signal === undefined ? {} : { signal });
  }

  /** Resolves when any plant is here, or none may come back. @throws what the signal aborts with */
  async anyone(signal?: AbortSignal): Promise<void> {
    while (this.#membership.plantCount === 0 && this.awaited().length > 0) await this.#absences.arrival(signal);
  }

  /**
   * @throws GridError NO_PLANTS while no plant is here and some may still come: back, or to a daemon that began just
   * now
   */
  requireAnyone(): void {
    if (this.#membership.plantCount > 0) return;
    const awaited = this.awaited();
    if (awaited.length === 0 && this.#absences.firstWaitMs === 0) return;
    const why = awaited.length > 0 ? notBack(awaited) : 'it began just now';
    throw new GridError('NO_PLANTS', `${this.#daemon} has no plant: ${why}`, { absent: awaited });
  }

  #standIn(plantId: string, waitMs: number): Bidder {
    return {
      plantId,
      hello: { plantId, version: 'absent', ad: {} },
      call: async (method, request, options) => {
        const { signal } = options;
        const bidder = await this.find(plantId, signal === undefined ? { waitMs } : { waitMs, signal });
        return bidder.call(method, request, options);
      },
    };
  }
}

const notHere = (plantId: string): GridError =>
  new GridError('PLANT_LOST', `the plant ${plantId} is not connected`, { plantId, asked: false });
