/**
 * What a plant publishes so that others can compute its bids: everything a bid depends on beside the request and the
 * content of the images. The whole once, then changes.
 */
import { type Static, Type } from 'typebox';
import { REQUEST_LIMITS, STANDING_LIMITS } from '../limits.ts';
import { CompatibilityRecord, DiskFormat, LineReport } from './line-report.ts';
import { LineName, MachineSpec } from './machine.ts';
import { PackedFingerprints } from './packed-fingerprints.ts';
import { ImageId, PlantId } from './requests.ts';

const closed = { additionalProperties: false } as const;
const count = (description: string) => Type.Integer({ minimum: 0, description });
const Count = Type.Integer({ minimum: 0 });
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });

const Usage = Type.Object({ memoryMiB: Count, diskMiB: Count, vms: Count }, closed);

/** A plant at one moment: its ClassAd is made of this. */
export const PlantSnapshot = Type.Object(
  {
    plantId: PlantId,
    version: Type.String({ minLength: 1, maxLength: 64 }),
    capacity: Type.Object(
      { memoryMiB: Count, diskMiB: Count, cpusPerVm: Count, vms: Count, actionsPerDag: Type.Optional(Count) },
      closed,
    ),
    /** Without what gives way to whatever is asked for. */
    usage: Usage,
    lines: Type.Array(LineReport, { maxItems: 16 }),
    loadAverage: Type.Number(),
    guestNetwork: Type.String({ maxLength: 64 }),
    hostActions: Type.Array(Type.String({ maxLength: 255 }), { maxItems: STANDING_LIMITS.hostActions }),
    imageCount: Count,
    draining: Type.Boolean(),
    /**
     * Creations that failed in a row up to now, the last with this code at this second of the epoch; null when none
     * did.
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

/** A golden image as far as a bid depends on it. */
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
/** What was learnt, in seconds, by the keys of `bidding`. */
const Durations = Type.Record(DurationKey, Seconds, { maxProperties: STANDING_LIMITS.durations });
/** What one owner may have on a plant; what is left out is not limited. */
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

/** What one owner has on a plant, and what it may have when that is not what others may. */
export const OwnerShare = Type.Object({ used: Usage, limits: Type.Optional(OwnerLimits) }, closed);
export type OwnerShare = Static<typeof OwnerShare>;

/** An owner's `ownerFingerprint`: whoever does not know its name learns nothing of it. */
const OwnerFingerprint = Type.String({ pattern: '^[0-9a-z]{1,11}$' });

/** `requestFingerprint` the ids of requests that the plant has a VM of, or had. */
const Fingerprints = Type.Array(Type.Integer({ minimum: 0, maximum: 0xffffffff }), { maxItems: STANDING_LIMITS.held });

/** Small parts: a change tells each that is another now. */
const terms = {
  /** The operator's ClassAd expression. */
  cost: Type.String({ minLength: 1, maxLength: REQUEST_LIMITS.expressionChars }),
  bidValidityMs: Type.Integer({ minimum: 0 }),
  leaseMaxMs: Type.Integer({ minimum: 0 }),
  /** Digest of the image set; its content is asked for once, whoever has it. */
  images: Digest,
  least: Type.Object({ restore: Type.Optional(Seconds), boot: Type.Optional(Seconds) }, closed),
  /**
   * The latest time of a request id that the plant has forgotten, in milliseconds since the epoch; 0 when it has
   * forgotten none.
   */
  forgottenUntil: Count,
  /**
   * Means may have been forgotten: what is not among the durations is priced by its kind, and may have been known
   * better once.
   */
  coarse: Type.Boolean(),
  /** What an owner may have here that has no limits of its own. */
  others: OwnerLimits,
};

/** An offer without what there is very much of. */
export const OfferTerms = Type.Object({ plant: PlantSnapshot, ...terms }, closed);
export type OfferTerms = Static<typeof OfferTerms>;

export const StandingOffer = Type.Object(
  {
    plant: PlantSnapshot,
    ...terms,
    durations: Durations,
    held: PackedFingerprints,
    /** Of a plant that limits owners: those that have something there, or limits of their own. */
    owners: Type.Record(OwnerFingerprint, OwnerShare, { maxProperties: STANDING_LIMITS.owners }),
  },
  closed,
);
export type StandingOffer = Static<typeof StandingOffer>;

/** What has changed since the event before; what is left out has not. */
export const StandingChange = Type.Object(
  {
    /** The fields that are others now. */
    plant: Type.Optional(Type.Partial(PlantSnapshot)),
    ...Type.Partial(Type.Object(terms)).properties,
    /** Those that are new or others now. */
    durations: Type.Optional(Durations),
    /** Keys of durations that are no more. */
    forgotten: Type.Optional(Type.Array(DurationKey, { maxItems: STANDING_LIMITS.durations })),
    held: Type.Optional(Fingerprints),
    /** Fingerprints that are held no more. */
    dropped: Type.Optional(Fingerprints),
    /** Shares that are others now; null: it has nothing there any more. */
    owners: Type.Optional(
      Type.Record(OwnerFingerprint, Type.Union([OwnerShare, Type.Null()]), { maxProperties: STANDING_LIMITS.owners }),
    ),
  },
  closed,
);
export type StandingChange = Static<typeof StandingChange>;

/** `serial` counts the events of one link from 0: a gap means that the side above no longer knows the offer. */
export const OfferEvent = Type.Union([
  Type.Object({ kind: Type.Literal('whole'), serial: Count, offer: StandingOffer }, closed),
  Type.Object({ kind: Type.Literal('change'), serial: Count, change: StandingChange }, closed),
  Type.Object({ kind: Type.Literal('withdrawn'), serial: Count, reason: Type.String({ maxLength: 1_000 }) }, closed),
]);
export type OfferEvent = Static<typeof OfferEvent>;

/** Asks for the images of a set that a standing offer names, in pages; `since`: a set that is known already. */
export const ImageSetRequest = Type.Object(
  { digest: Digest, since: Type.Optional(Digest), offset: Type.Integer({ minimum: 0 }) },
  closed,
);
export type ImageSetRequest = Static<typeof ImageSetRequest>;

export const ImageSetReply = Type.Object(
  {
    /** The set that the rest goes on from; left out when that is the empty set. */
    since: Type.Optional(Digest),
    added: Type.Array(ImageFacts, { maxItems: STANDING_LIMITS.imagesOfPage }),
    removed: Type.Array(ImageId),
    /** Offset of the next page; left out in the last. */
    next: Type.Optional(Count),
  },
  closed,
);
export type ImageSetReply = Static<typeof ImageSetReply>;
