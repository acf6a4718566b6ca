/** Named limits of one configuration DAG. */
export const DAG_LIMITS = {
  actions: 1_000,
  edges: 10_000,
  /** Characters of one script, file content or recover script. */
  textChars: 1_048_576,
  retries: 10,
  environmentVariables: 64,
  packages: 500,
  arguments: 64,
} as const;

/** Named limits of matching one history. */
export interface MatchLimits {
  /**
   * Elementary steps that a search among equal actions may take above the linear ones. Some milliseconds; only DAGs
   * made to be hard come near it, and then the image counts as not matching, which costs time but is never wrong.
   */
  readonly searchSteps: number;
}

export const MATCH_LIMITS: MatchLimits = { searchSteps: 200_000 };
