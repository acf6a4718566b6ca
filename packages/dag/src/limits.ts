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
