/**
 * Finds the plants that may have the VM of a request already; these are asked. Two requests may have the same
 * fingerprint.
 */
import { GridError, STANDING_LIMITS, type StandingChange } from '@vmgrid/protocol';
import { FingerprintTable } from './fingerprint-table.ts';

/** The fingerprints that one plant holds, as long as its link lasts. */
export interface FingerprintsOfPlant {
  /** @throws GridError LINK_PROTOCOL when the change does not go with what is known */
  change(change: Pick<StandingChange, 'held' | 'dropped'>): void;
  /** The plant holds none any more. */
  end(): void;
}

export class HeldRequests {
  readonly #table = new FingerprintTable();
  readonly #plants: (string | undefined)[] = [];

  /** A plant that tells all it holds. @throws GridError LINK_PROTOCOL for too many, or one twice */
  begin(plantId: string, held: Iterable<number>): FingerprintsOfPlant {
    const number = this.#table.begin();
    this.#plants[number] = plantId;
    const fingerprints: FingerprintsOfPlant = {
      change: ({ held: more = [], dropped = [] }) => {
        for (const fingerprint of dropped) this.#drop(fingerprint, number);
        this.#add(more, number);
      },
      end: () => this.#table.retire(number),
    };
    try {
      this.#add(held, number);
    } catch (error) {
      fingerprints.end();
      throw error;
    }
    return fingerprints;
  }

  plantsWith(fingerprint: number): string[] {
    return this.#table.numbersOf(fingerprint).map((number) => this.#plants[number]!);
  }

  #add(fingerprints: Iterable<number>, number: number): void {
    for (const fingerprint of fingerprints) {
      if (!this.#table.add(fingerprint, number)) throw this.#wrong(number, `holds ${fingerprint} twice`);
      if (this.#table.countOf(number) > STANDING_LIMITS.held) {
        throw this.#wrong(number, `holds more than ${STANDING_LIMITS.held} requests`);
      }
    }
  }

  #drop(fingerprint: number, number: number): void {
    if (!this.#table.remove(fingerprint, number))
      throw this.#wrong(number, `drops ${fingerprint}, which it does not hold`);
  }

  #wrong(number: number, what: string): GridError {
    const plantId = this.#plants[number]!;
    return new GridError('LINK_PROTOCOL', `the offer of ${plantId} ${what}`, { plantId });
  }
}
