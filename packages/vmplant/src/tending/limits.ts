/** Named limits of what is recorded and of the search among it. */
export const REQUEST_LOG_LIMITS = {
  /** Requests kept, their bytes together, and how long each is kept. The oldest go first. */
  rows: 2_000,
  bytes: 16 * 1_048_576,
  ageMs: 30 * 24 * 3_600_000,
  /** The same for the DAGs, of which equal ones are kept once; one larger than this is not kept. */
  dagRows: 200,
  dagBytes: 32 * 1_048_576,
  bytesPerDag: 4 * 1_048_576,
} as const;

export const SUGGEST_LIMITS = {
  /** Different requests that are looked at: those that came most often. */
  cases: 100,
  /** Common beginnings that are compared, of all machines together. */
  candidates: 400,
  /** Pairs of beginnings that are intersected to find them. */
  meets: 10_000,
  /** Images that are suggested at most. */
  suggestions: 50,
  /** How long the search holds the plant's thread at a time. */
  sliceMs: 5,
} as const;
