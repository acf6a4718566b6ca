/** Named limits of the recorded requests and of the search in them. */
export const REQUEST_LOG_LIMITS = {
  /** Requests that are kept, their bytes together, and how long each is kept. The oldest are dropped first. */
  rows: 2_000,
  bytes: 16 * 1_048_576,
  ageMs: 30 * 24 * 3_600_000,
  /** The same for the DAGs. Equal ones are kept once; a DAG larger than this is not kept. */
  dagRows: 200,
  dagBytes: 32 * 1_048_576,
  bytesPerDag: 4 * 1_048_576,
} as const;

export const SUGGEST_LIMITS = {
  /** Different requests that are considered: the most frequent ones. */
  cases: 100,
  /** Common beginnings that are compared, for all machines together. */
  candidates: 400,
  /** Pairs of beginnings that are intersected to find them. */
  meets: 10_000,
  /** Most images that are suggested. */
  suggestions: 50,
  /** Milliseconds for which the search holds the plant's thread. */
  sliceMs: 5,
} as const;
