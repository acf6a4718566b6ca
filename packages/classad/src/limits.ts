/** Limits of one evaluation. Past any of them the whole result is the error value, which names the limit. */
export interface EvaluationLimits {
  /** Nested operations and attribute references that are in progress at the same time. */
  readonly maxDepth: number;
  /** Nodes visited, list items made, and text or regular-expression work (one step per 16 characters). */
  readonly maxSteps: number;
  /** UTF-16 units in any string that is made. */
  readonly maxStringLength: number;
}

export const defaultLimits: EvaluationLimits = { maxDepth: 800, maxSteps: 200_000, maxStringLength: 1_048_576 };

/** A number of steps that several evaluations share; each takes its steps from it. */
export class StepBudget {
  readonly steps: number;
  left: number;

  constructor(steps: number) {
    this.steps = steps;
    this.left = steps;
  }
}

/** The deepest syntax tree that the parsers build. HTCondor's own parser has the same limit. */
export const maxSyntaxDepth = 500;

/** Thrown inside an evaluation, and turned into the error value only at its top, so that `isError()` cannot hide it. */
export class LimitExceeded extends Error {
  override readonly name = 'LimitExceeded';
}
