/** What the searches among equal actions share. */

/** How a search ended; `undecided` when its steps ran out. */
export type SearchResult<T> =
  | { readonly outcome: 'found'; readonly value: T }
  | { readonly outcome: 'none' }
  | { readonly outcome: 'undecided' };

export const NONE = { outcome: 'none' } as const;
export const UNDECIDED = { outcome: 'undecided' } as const;

/** Steps that a search may still take. */
export class StepBudget {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  get spent(): boolean {
    return this.#left < 0;
  }

  spend(steps: number): void {
    this.#left -= steps;
  }
}

/**
 * The least `k` in `1..upTo` for which `holds` is false, given that it is true up to some point and false from there
 * on.
 */
export function firstFailing(upTo: number, holds: (k: number) => boolean): number {
  let low = 1;
  let high = upTo;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
