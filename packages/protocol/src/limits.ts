/** Named limits of endpoints and links. */
export const REQUEST_LIMITS = {
  /** Bytes of one request document, at every endpoint. */
  bodyBytes: 8 * 1024 * 1024,
  /** All headers of an HTTP request together. */
  headerBytes: 16 * 1024,
  expressionChars: 8_192,
  /** Nesting of parentheses and signs in an expression of a template. */
  templateDepth: 64,
  attributes: 256,
  /** Elements, comments and sections of an XML request together; attributes of all its elements together. */
  xmlElements: 50_000,
  xmlAttributes: 50_000,
  /** Nesting of elements in an XML request. */
  xmlDepth: 32,
  /** Nesting of elements in an XML reply, whose classads may nest. */
  xmlReplyDepth: 250,
  /** Values of a JSON request, and the nesting of its lists and objects. */
  jsonValues: 100_000,
  jsonDepth: 64,
  /** How long a client at the TCP endpoint may take to send its document. */
  documentMs: 30_000,
  /** How long it may take to send its first line, with its token. */
  tokenLineMs: 5_000,
  leaseMaxMs: 30 * 24 * 3_600_000,
  actionTimeoutMaxMs: 24 * 3_600_000,
  freshnessMaxMs: 3_650 * 24 * 3_600_000,
  /**
   * How far the time in a request id may be ahead of the reader's clock. An id that is further ahead counts as one
   * without a time.
   */
  idAheadMs: 300_000,
} as const;

/** Limits on the steps of a request's expressions. A step takes some tenths of a microsecond. */
export const EXPRESSION_LIMITS = {
  /** For all plants or VMs together; `stepsOfCandidate` is added for each of them. */
  steps: 50_000,
  stepsOfCandidate: 500,
  /** For one of them. */
  stepsAtOnce: 10_000,
} as const;

export const LINK_LIMITS = {
  messageBytes: 16 * 1024 * 1024,
  /** Bytes waiting to be sent before the link refuses more (OVERLOADED). */
  bufferedBytes: 32 * 1024 * 1024,
  /** Calls in progress on one link, in each direction. */
  pendingCalls: 1_024,
  /** Links of one upper end, those before their hello included. */
  connections: 8_192,
  /** How long a bidder may take to connect, and then to say hello. */
  helloMs: 5_000,
  /** How long a closing handshake may take before the socket is destroyed. */
  closeMs: 1_000,
  /** Before an award, the bidder must have sent something this recently, and after its last award … */
  freshMs: 500,
  /** … or answer a ping within this. */
  pingMs: 1_000,
  heartbeatMs: 5_000,
  /** After this long without any message the other end counts as gone. */
  silenceMs: 16_000,
  reconnectMinMs: 100,
  reconnectMaxMs: 5_000,
} as const;

export const BROKER_LIMITS = {
  /** Brokers between a shop and a plant. */
  hops: 8,
  /** Bids in one answer of a broker. */
  bids: 64,
  /** Plants in backoff that one call for bids names. */
  inBackoff: 1_024,
  /** Plants in one message about members. */
  membersPerMessage: 512,
  /** A broker answers this much before its caller stops waiting: a share of the time, between the two bounds. */
  answerMarginShare: 0.1,
  answerMarginMinMs: 5,
  answerMarginMaxMs: 250,
} as const;

/** Limits on what a plant reports about its VMs. */
export const TOLD_LIMITS = {
  /** VMs in one page of a whole report, and in all whole reports of one message. */
  vmsOfPage: 500,
  /** Events of one message, over all plants. */
  eventsOfMessage: 512,
  /** VMs of one plant. A plant that reports more violates the protocol. */
  vmsOfPlant: 65_536,
  /** Characters of the reason for a VM's state. */
  reasonChars: 500,
} as const;

/** Limits on what a plant publishes. A plant with more publishes nothing, and is asked. */
export const STANDING_LIMITS = {
  hostActions: 1_024,
  /** Learnt durations. The limit is above what a plant keeps. */
  durations: 2_048,
  /** Requests that the plant has, or lately had, a VM of. */
  held: 16_384,
  /** Owners that use the plant, or have limits of their own. */
  owners: 16_384,
  /** Images in one page of a set. */
  imagesOfPage: 500,
} as const;

export const CLIENT_LIMITS = {
  /** Deadline of one HTTP request when the caller gives none. Node's fetch gives up after 300 s without headers. */
  deadlineMs: 280_000,
  /** Deadline of the upload or download of an archive of images. */
  transferMs: 6 * 3_600_000,
  /** Characters of one server-sent event. */
  eventChars: 1_048_576,
} as const;

export type LinkLimits = { readonly [Name in keyof typeof LINK_LIMITS]: number };
