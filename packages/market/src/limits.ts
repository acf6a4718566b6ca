/** Named limits of an auction. */
export const MARKET_LIMITS = {
  /** Bids that are awarded one after the other before the auction gives up. */
  awardAttempts: 3,
  /** The market ends its calls itself when it closes; a link's own deadline is only behind it, this much later. */
  callGraceMs: 1_000,
  /** After as many unanswered calls in a row an auction still asks a plant, but no longer waits for it. */
  silencesUntilUnawaited: 3,
  /** Until it has been silent this long: then one auction waits for it again. */
  awaitAgainMs: 60_000,
  /** A plant is in backoff this long after a failure, twice as long after the next one in a row, and so on. */
  backoffMs: 30_000,
  backoffMaxMs: 10 * 60_000,
  /** Plants whose failures are remembered. */
  plantsRemembered: 10_000,
  /** Characters of one reason in a trail. */
  reasonChars: 1_000,
  /** Declines of one code that a broker forwards: those that lack least. */
  declinesOfCode: 3,
  /** Silent or failing plants that a broker names; the others are counted. */
  silentNamed: 16,
  /** Answers, removals and places that a trail names; the others are counted. */
  trailEntries: 1_000,
  /**
   * The trail of a shop names at least this many of the bids, and of each kind of decline, that standing offers make.
   */
  standingNamed: 8,
  /** How long a plant may take to send a page of an image set. */
  imageSetMs: 30_000,
  /**
   * Answers of standing offers that are kept in order, over all classes of requests; the class used least goes first.
   */
  standingAnswers: 500_000,
  /** How long the plants of one auction are judged before all else has its turn. */
  sliceMs: 10,
  /** Conditions that were not met, of one plant, that a trail tells. */
  conditionsNamed: 32,
  /** Plants that an error message names one by one. */
  plantsNamed: 3,
} as const;
