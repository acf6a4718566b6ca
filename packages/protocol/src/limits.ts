/** Named limits of the endpoints and the link. */
export const REQUEST_LIMITS = {
  /** Bytes of one request document, at every endpoint. */
  bodyBytes: 8 * 1024 * 1024,
  /** Of all headers of an HTTP request together. */
  headerBytes: 16 * 1024,
  expressionChars: 8_192,
  /** Parentheses and signs inside each other in an expression of a template. */
  templateDepth: 64,
  attributes: 256,
  /** Of an XML request: its elements, comments and sections together, and the attributes of all its elements. */
  xmlElements: 50_000,
  xmlAttributes: 50_000,
  /** Elements inside elements in an XML request. */
  xmlDepth: 32,
  /** The same in an XML reply, whose classads may nest. */
  xmlReplyDepth: 250,
  /** Values of a JSON request, and lists and objects inside each other. */
  jsonValues: 100_000,
  jsonDepth: 64,
  /** How long a client at the TCP endpoint may take to send its document. */
  documentMs: 30_000,
  /** How long it may take to say who it is, in its first line. */
  tokenLineMs: 5_000,
  leaseMaxMs: 30 * 24 * 3_600_000,
  actionTimeoutMaxMs: 24 * 3_600_000,
  freshnessMaxMs: 3_650 * 24 * 3_600_000,
  /** So much may the time in a request id be ahead of the clock that reads it; one further ahead carries no time. */
  idAheadMs: 300_000,
} as const;

/** Steps of the expressions of one request. Each takes some tenths of a microsecond. */
export const EXPRESSION_LIMITS = {
  /** For all plants or VMs together, and so many more for each. */
  steps: 50_000,
  stepsOfCandidate: 500,
  /** For one of them. */
  stepsAtOnce: 10_000,
} as const;

export const LINK_LIMITS = {
  messageBytes: 16 * 1024 * 1024,
  /** Bytes waiting to be sent before the link refuses more (OVERLOADED). */
  bufferedBytes: 32 * 1024 * 1024,
  /** Calls under way on one link, in each direction. */
  pendingCalls: 1_024,
  /** Links of one upper end, those that have not said hello yet included. */
  connections: 8_192,
  /** How long a bidder may take to connect, and then to say hello. */
  helloMs: 5_000,
  /** How long a closing handshake may take before the socket is destroyed. */
  closeMs: 1_000,
  /** Before an award a bidder must have been heard of so lately, and since the last award … */
  freshMs: 500,
  /** … or answer a ping within this. */
  pingMs: 1_000,
  heartbeatMs: 5_000,
  /** Without a word for this long the other end counts as gone. */
  silenceMs: 16_000,
  reconnectMinMs: 100,
  reconnectMaxMs: 5_000,
} as const;

export const BROKER_LIMITS = {
  /** Brokers between a shop and a plant. */
  hops: 8,
  /** Bids in one answer of a broker. */
  bids: 64,
  /** Plants in backoff that a call for bids names. */
  inBackoff: 1_024,
  /** Plants in one message about members. */
  membersPerMessage: 512,
  /** A broker answers so much before its caller stops waiting: this share of the time, within these bounds. */
  answerMarginShare: 0.1,
  answerMarginMinMs: 5,
  answerMarginMaxMs: 250,
} as const;

/** Of what a plant tells of its VMs. */
export const TOLD_LIMITS = {
  /** VMs in one page of a whole, and of all wholes in one message. */
  vmsOfPage: 500,
  /** Wholes, changes and ends in one message, over all plants. */
  eventsOfMessage: 512,
  /** VMs of one plant; one that tells more breaks the protocol. */
  vmsOfPlant: 65_536,
  /** Of why a VM is in its state. */
  reasonChars: 500,
} as const;

/** Of what a plant publishes; one that has more publishes nothing and is asked. */
export const STANDING_LIMITS = {
  hostActions: 1_024,
  /** Learnt durations: more than a plant keeps. */
  durations: 2_048,
  /** Requests that the plant has, or lately had, a VM of. */
  held: 16_384,
  /** Owners that have something there, or limits of their own. */
  owners: 16_384,
  /** Images in one page of a set. */
  imagesOfPage: 500,
} as const;

export const CLIENT_LIMITS = {
  /** Of one HTTP request, when the caller gives none. Node's fetch gives up by itself after 300 s without headers. */
  deadlineMs: 280_000,
  /** Of the upload or download of an archive of images. */
  transferMs: 6 * 3_600_000,
  /** Characters of one server-sent event. */
  eventChars: 1_048_576,
} as const;

export type LinkLimits = { readonly [Name in keyof typeof LINK_LIMITS]: number };
