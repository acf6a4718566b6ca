/**
 * The data by which others compute a plant's bids: everything that a bid depends on besides the request and
 * the content of the images. It is sent once as a whole, then as changes.
 */
import { type Static, Type } from 'typebox';
import { REQUEST_LIMITS, STANDING_LIMITS } from '../../limits.ts';
import { CompatibilityRecord, DiskFormat, LineReport } from '../line-report.ts';
import { LineName, MachineSpec } from '../machine.ts';
import { ImageId, PlantId } from '../requests.ts';
import { PackedFingerprints } from './packed-fingerprints.ts';

const closed = { additionalProperties: false } as const;
const count = (description: string) => Type.Integer({ minimum: 0, description });
const Count = Type.Integer({ minimum: 0 });
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });

const Usage = Type.Object({ memoryMiB: Count, diskMiB: Count, vms: Count }, closed);

/** The state of a plant at one moment, from which its ClassAd is made. */
export const PlantSnapshot = Type.Object(
  {
    plantId: PlantId,
    version: Type.String({ minLength: 1, maxLength: 64 }),
    capacity: Type.Object(
      { memoryMiB: Count, diskMiB: Count, cpusPerVm: Count, vms: Count, actionsPerDag: Type.Optional(Count) },
      closed,
    ),
    /** Without the use that gives way to any request. */
    usage: Usage,
    lines: Type.Array(LineReport, { maxItems: 16 }),
    loadAverage: Type.Number(),
    guestNetwork: Type.String({ maxLength: 64 }),
    hostActions: Type.Array(Type.String({ maxLength: 255 }), { maxItems: STANDING_LIMITS.hostActions }),
    imageCount: Count,
    draining: Type.Boolean(),
    /**
     * Creations that failed in a row until now, with the code of the last one and its time in seconds since the epoch;
     * null when none failed.
     */
    failures: Type.Optional(
      Type.Union([
        Type.Object({ inARow: Count, lastCode: Type.String({ maxLength: 64 }), lastTime: Type.Number() }, closed),
        Type.Null(),
      ]),
    ),
  },
  closed,
);
export type PlantSnapshot = Static<typeof PlantSnapshot>;

/** The properties of a golden image that bids depend on. */
export const ImageFacts = Type.Object(
  {
    id: ImageId,
    machine: MachineSpec,
    line: LineName,
    diskFormat: DiskFormat,
    createdAt: Type.String({ format: 'date-time' }),
    history: Type.Array(
      Type.Object(
        {
          digest: Digest,
          id: Type.String({ maxLength: 64 }),
          ranAt: Type.Optional(Type.String({ format: 'date-time' })),
          survivesBoot: Type.Optional(Type.Boolean()),
        },
        closed,
      ),
    ),
    /** Present when the image is suspended. */
    memory: Type.Optional(Type.Object({}, closed)),
    boot: Type.Object({ layouts: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 }) }, closed),
    compatibility: Type.Optional(CompatibilityRecord),
  },
  closed,
);
export type ImageFacts = Static<typeof ImageFacts>;

const Seconds = Type.Number({ minimum: 0 });
const DurationKey = Type.String({ maxLength: 160 });
/** Learnt durations in seconds, by the keys of `bidding`. */
const Durations = Type.Record(DurationKey, Seconds, { maxProperties: STANDING_LIMITS.durations });
/** Limits of one owner on a plant; what is left out is not limited. */
export const OwnerLimits = Type.Object(
  {
    memoryMiB: Type.Optional(count("Memory of the owner's VMs that run; one that is suspended takes none.")),
    diskMiB: Type.Optional(count("Disks of the owner's VMs together.")),
    vms: Type.Optional(count('VMs at the same time.')),
  },
  {
    ...closed,
    description: 'Limits of each owner for whom `owners` says nothing else. What is left out is not limited.',
  },
);
export type OwnerLimits = Static<typeof OwnerLimits>;

/** The use of one owner on a plant, and its limits when they differ from those of others. */
export const OwnerShare = Type.Object({ used: Usage, limits: Type.Optional(OwnerLimits) }, closed);
export type OwnerShare = Static<typeof OwnerShare>;

/** The `ownerFingerprint` of an owner: without the name it reveals nothing. */
const OwnerFingerprint = Type.String({ pattern: '^[0-9a-z]{1,11}$' });

/** The `requestFingerprint`s of requests that the plant has, or had, a VM of. */
const Fingerprints = Type.Array(Type.Integer({ minimum: 0, maximum: 0xffffffff }), { maxItems: STANDING_LIMITS.held });

/** Small parts; a change contains those whose value is new. */
const terms = {
  /** The operator's ClassAd expression. */
  cost: Type.String({ minLength: 1, maxLength: REQUEST_LIMITS.expressionChars }),
  bidValidityMs: Type.Integer({ minimum: 0 }),
  leaseMaxMs: Type.Integer({ minimum: 0 }),
  /** Digest of the image set; each reader asks once for its content. */
  images: Digest,
  least: Type.Object({ restore: Type.Optional(Seconds), boot: Type.Optional(Seconds) }, closed),
  /**
   * The latest time in the request ids that the plant has forgotten, in milliseconds since the epoch; 0 when it has
   * forgotten none.
   */
  forgottenUntil: Count,
  /**
   * The plant may have forgotten durations: a missing one is priced by its kind, although a better value may have been
   * known.
   */
  coarse: Type.Boolean(),
  /** Limits of owners without limits of their own. */
  others: OwnerLimits,
};

/** An offer without its large collections. */
export const OfferTerms = Type.Object({ plant: PlantSnapshot, ...terms }, closed);
export type OfferTerms = Static<typeof OfferTerms>;

export const StandingOffer = Type.Object(
  {
    plant: PlantSnapshot,
    ...terms,
    durations: Durations,
    held: PackedFingerprints,
    /** Only from a plant that limits owners: the owners that use it, or have limits of their own. */
    owners: Type.Record(OwnerFingerprint, OwnerShare, { maxProperties: STANDING_LIMITS.owners }),
  },
  closed,
);
export type StandingOffer = Static<typeof StandingOffer>;

/** The changes since the last event; what is left out is unchanged. */
export const StandingChange = Type.Object(
  {
    /** The fields whose value is new. */
    plant: Type.Optional(Type.Partial(PlantSnapshot)),
    ...Type.Partial(Type.Object(terms)).properties,
    /** Durations that are new or have changed. */
    durations: Type.Optional(Durations),
    /** Keys of durations that were removed. */
    forgotten: Type.Optional(Type.Array(DurationKey, { maxItems: STANDING_LIMITS.durations })),
    held: Type.Optional(Fingerprints),
    /** Fingerprints that were removed. */
    dropped: Type.Optional(Fingerprints),
    /** Shares that have changed; null: the owner uses nothing any more. */
    owners: Type.Optional(
      Type.Record(OwnerFingerprint, Type.Union([OwnerShare, Type.Null()]), { maxProperties: STANDING_LIMITS.owners }),
    ),
  },
  closed,
);
export type StandingChange = Static<typeof StandingChange>;

/** `serial` counts the events of one link from 0. A gap means that the side above no longer knows the offer. */
export const OfferEvent = Type.Union([
  Type.Object({ kind: Type.Literal('whole'), serial: Count, offer: StandingOffer }, closed),
  Type.Object({ kind: Type.Literal('change'), serial: Count, change: StandingChange }, closed),
  Type.Object({ kind: Type.Literal('withdrawn'), serial: Count, reason: Type.String({ maxLength: 1_000 }) }, closed),
]);
export type OfferEvent = Static<typeof OfferEvent>;

/** Asks for the images of a set that a standing offer names, in pages. `since`: a set that the asking side knows. */
export const ImageSetRequest = Type.Object(
  { digest: Digest, since: Type.Optional(Digest), offset: Type.Integer({ minimum: 0 }) },
  closed,
);
export type ImageSetRequest = Static<typeof ImageSetRequest>;

export const ImageSetReply = Type.Object(
  {
    /** The set that the pages add to; left out when it is the empty set. */
    since: Type.Optional(Digest),
    added: Type.Array(ImageFacts, { maxItems: STANDING_LIMITS.imagesOfPage }),
    removed: Type.Array(ImageId),
    /** Offset of the next page; left out in the last. */
    next: Type.Optional(Count),
  },
  closed,
);
export type ImageSetReply = Static<typeof ImageSetReply>;
