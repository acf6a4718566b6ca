/**
 * Finds the plants that may have the VM of a request already; these are asked. Two requests may have the same token.
 */
import { GridError, STANDING_LIMITS, type StandingChange } from '@vmgrid/protocol';
import { TokenTable } from './token-table.ts';

/** The tokens that one plant holds, as long as its link lasts. */
export interface TokensOfPlant {
  /** @throws GridError LINK_PROTOCOL when the change does not go with what is known */
  change(change: Pick<StandingChange, 'held' | 'dropped'>): void;
  /** The plant holds none any more. */
  end(): void;
}

export class HeldRequests {
  readonly #table = new TokenTable();
  readonly #plants: (string | undefined)[] = [];

  /** A plant that tells all it holds. @throws GridError LINK_PROTOCOL for too many, or one twice */
  begin(plantId: string, held: Iterable<number>): TokensOfPlant {
    const number = this.#table.begin();
    this.#plants[number] = plantId;
    const tokens: TokensOfPlant = {
      change: ({ held: more = [], dropped = [] }) => {
        for (const token of dropped) this.#drop(token, number);
        this.#add(more, number);
      },
      end: () => this.#table.retire(number),
    };
    try {
      this.#add(held, number);
    } catch (error) {
      tokens.end();
      throw error;
    }
    return tokens;
  }

  plantsWith(token: number): string[] {
    return this.#table.numbersOf(token).map((number) => this.#plants[number]!);
  }

  #add(tokens: Iterable<number>, number: number): void {
    for (const token of tokens) {
      if (!this.#table.add(token, number)) throw this.#wrong(number, `holds ${token} twice`);
      if (this.#table.countOf(number) > STANDING_LIMITS.held) {
        throw this.#wrong(number, `holds more than ${STANDING_LIMITS.held} requests`);
      }
    }
  }

  #drop(token: number, number: number): void {
    if (!this.#table.remove(token, number)) throw this.#wrong(number, `drops ${token}, which it does not hold`);
  }

  #wrong(number: number, what: string): GridError {
    const plantId = this.#plants[number]!;
    return new GridError('LINK_PROTOCOL', `the offer of ${plantId} ${what}`, { plantId });
  }
}
