/** A violated invariant. */
export class Violation extends Error {
  readonly invariant: string;
  /** Words of the trace that concern it. */
  readonly about: readonly string[];

  constructor(invariant: string, message: string, about: readonly string[]) {
    super(message);
    this.name = 'Violation';
    this.invariant = invariant;
    this.about = about;
  }
}
