/** Named limits of one configuration DAG. */
export const DAG_LIMITS = {
  actions: 1_000,
  edges: 10_000,
  /** Actions that restart the machine. */
  restarts: 16,
  /** Characters of one script, one file content or one recover script. */
  textChars: 1_048_576,
  retries: 10,
  environmentVariables: 64,
  packages: 500,
  arguments: 64,
} as const;

/** Named limits of matching one history. */
export interface MatchLimits {
  /**
   * Elementary steps that a search among equal actions may take beyond the linear ones; some milliseconds. Only DAGs
   * that were made to be hard come near the limit. The image then counts as not matching, which costs time but is never
   * wrong.
   */
  readonly searchSteps: number;
}

export const MATCH_LIMITS: MatchLimits = { searchSteps: 200_000 };
