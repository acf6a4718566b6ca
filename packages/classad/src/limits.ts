/** Bounds on one evaluation. Past one of them the whole result is the error value, with the limit as its reason. */
export interface EvaluationLimits {
  /** Nested operations and attribute references in progress at once. */
  readonly maxDepth: number;
  /** Nodes visited, list items made, and text or regular-expression work (one step per 16 characters). */
  readonly maxSteps: number;
  /** UTF-16 units in any string that is made. */
  readonly maxStringLength: number;
}

export const defaultLimits: EvaluationLimits = { maxDepth: 800, maxSteps: 200_000, maxStringLength: 1_048_576 };

/** Steps that several evaluations have together: each takes from it what it makes. */
export class StepBudget {
  readonly steps: number;
  left: number;

  constructor(steps: number) {
    this.steps = steps;
    this.left = steps;
  }
}

/** Deepest syntax tree the parsers build; HTCondor's own parser stops at the same depth. */
export const maxSyntaxDepth = 500;

/** Thrown inside an evaluation, turned into the error value at its top: no `isError()` may hide a limit. */
export class LimitExceeded extends Error {
  override readonly name = 'LimitExceeded';
}
