/** The result type and the step budget that the searches among equal actions share. */

/** How a search ended; `undecided` when it used up its steps. */
export type SearchResult<T> =
  | { readonly outcome: 'found'; readonly value: T }
  | { readonly outcome: 'none' }
  | { readonly outcome: 'undecided' };

export const NONE = { outcome: 'none' } as const;
export const UNDECIDED = { outcome: 'undecided' } as const;

/** Counts the steps that a search may still take. */
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
