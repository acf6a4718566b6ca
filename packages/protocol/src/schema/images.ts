/** Golden images and warehouses, as operators see and change them. */
import { ActionId } from '@vmgrid/dag';
import { type Static, Type } from 'typebox';
import { LineName, MachineSpec } from './machine.ts';
import { Next } from './pages.ts';
import { ImageId, PlantId, RequestId } from './requests.ts';

const closed = { additionalProperties: false } as const;
const Timestamp = Type.String({ format: 'date-time' });
const Bytes = Type.Integer({ minimum: 0 });

/** A name that an operator gives to an image; it stands wherever an image's id may. */
export const ImageTag = ImageId;

export const WarehouseId = Type.String({ pattern: '^[0-9a-f-]{36}$' });

/** One action in an image's history. */
export const ImageHistoryEntry = Type.Object(
  {
    digest: Type.String(),
    id: Type.String(),
    kind: Type.String(),
    seconds: Type.Number(),
    ranAt: Timestamp,
    attributes: Type.Optional(Type.Record(Type.String(), Type.String())),
    survivesBoot: Type.Optional(Type.Boolean()),
    lostAtBoot: Type.Optional(Type.Array(Type.String())),
    /** The image that was built by running this action, and who built it. */
    imageId: ImageId,
    madeBy: Type.String(),
  },
  closed,
);
export type ImageHistoryEntry = Static<typeof ImageHistoryEntry>;

/** What a host must have to restore a suspended image; otherwise the image boots there. */
const Compatibility = Type.Record(Type.String(), Type.String());

export const ImageReply = Type.Object(
  {
    imageId: ImageId,
    tags: Type.Array(ImageTag),
    /** A pinned image is neither removed nor collected. */
    pinned: Type.Boolean(),
    machine: MachineSpec,
    line: LineName,
    suspended: Type.Boolean(),
    /** Why a plant starts no machine from it until it was verified again. */
    broken: Type.Optional(Type.String()),
    compatibility: Type.Optional(Compatibility),
    parent: Type.Optional(ImageId),
    /** The images below this one, nearest first. */
    parents: Type.Array(ImageId),
    createdAt: Timestamp,
    createdBy: Type.String(),
    history: Type.Array(ImageHistoryEntry),
    /**
     * Bytes on disk that are the image's own, those of its parents that it needs, and the size its disk has for a
     * guest.
     */
    ownBytes: Bytes,
    sharedBytes: Bytes,
    virtualBytes: Bytes,
    /** Machines started from the image, VMs and builds, and when the last one was. */
    hits: Type.Integer({ minimum: 0 }),
    lastHitAt: Type.Optional(Timestamp),
    children: Type.Array(ImageId),
    usedBy: Type.Array(Type.String()),
    /** Warehouses that hold the image, and the plants that offer it. */
    warehouses: Type.Array(WarehouseId),
    plants: Type.Array(PlantId),
  },
  closed,
);
export type ImageReply = Static<typeof ImageReply>;

export const ImageListReply = Type.Object(
  { images: Type.Array(ImageReply), silentPlants: Type.Array(PlantId), next: Next },
  closed,
);
export type ImageListReply = Static<typeof ImageListReply>;

export const BuildImageReply = Type.Object(
  {
    requestId: Type.Optional(RequestId),
    image: ImageReply,
    /** False when the warehouse already had an image of this machine and these actions. */
    built: Type.Boolean(),
    /** Ids of the actions that no image may hold, as they run for each machine; left out, there are none. */
    leftOut: Type.Optional(Type.Array(ActionId, { minItems: 1 })),
  },
  closed,
);
export type BuildImageReply = Static<typeof BuildImageReply>;

/** The images of an archive, which comes as the body, into the warehouse of a plant. */
export const ImportImagesRequest = Type.Object(
  {
    requestId: Type.Optional(RequestId),
    /** Of the archive's bytes, as Repr-Digest has it (RFC 9530). */
    digest: Type.Optional(Type.String({ pattern: '^sha-256=:[A-Za-z0-9+/]{43}=:$' })),
    /** Takes the memory of images that the plant's host cannot restore too: other hosts of the warehouse may. */
    keepMemory: Type.Boolean(),
  },
  closed,
);
export type ImportImagesRequest = Static<typeof ImportImagesRequest>;

export const ImportImagesReply = Type.Object(
  {
    requestId: Type.Optional(RequestId),
    images: Type.Array(
      Type.Object(
        {
          imageId: ImageId,
          /**
           * Its id in the archive: another when the warehouse has a different build under that id, or the memory was
           * left out.
           */
          archivedId: ImageId,
          /** False when the warehouse had it. */
          imported: Type.Boolean(),
          /** Why it was imported without its memory. */
          diskOnly: Type.Optional(Type.String()),
        },
        closed,
      ),
      { minItems: 1 },
    ),
  },
  closed,
);
export type ImportImagesReply = Static<typeof ImportImagesReply>;

/** Changes what stands beside an image; the image itself never changes. What is left out stays as it is. */
export const LabelImageRequest = Type.Object(
  {
    pinned: Type.Optional(Type.Boolean()),
    /** A tag that named another image before names this one from then on. */
    addTags: Type.Optional(Type.Array(ImageTag, { maxItems: 64 })),
    dropTags: Type.Optional(Type.Array(ImageTag, { maxItems: 64 })),
  },
  closed,
);
export type LabelImageRequest = Static<typeof LabelImageRequest>;

/** Checks images, by id or tag; all when none is named. */
export const VerifyImagesRequest = Type.Object(
  {
    requestId: Type.Optional(RequestId),
    imageIds: Type.Optional(Type.Array(ImageId, { maxItems: 100_000 })),
    /** Whether two clones of each are started, to see that they share nothing that must differ. */
    identity: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type VerifyImagesRequest = Static<typeof VerifyImagesRequest>;

export const VerifiedImage = Type.Object(
  {
    imageId: Type.String(),
    warehouseId: WarehouseId,
    /** Bytes that were read and digested. */
    bytes: Bytes,
    /** What is wrong, with the file, or `identity`; none when the image is as its manifest says. */
    faults: Type.Array(Type.Object({ file: Type.String(), reason: Type.String() }, closed)),
  },
  closed,
);
export type VerifiedImage = Static<typeof VerifiedImage>;

/** In place of a file: of an image whose clones share what must differ. */
export const IDENTITY_FAULT = 'identity';

export const VerifyImagesReply = Type.Object(
  { requestId: Type.Optional(RequestId), images: Type.Array(VerifiedImage), silentPlants: Type.Array(PlantId) },
  closed,
);
export type VerifyImagesReply = Static<typeof VerifyImagesReply>;

/** Removes the images that are worth least until a warehouse takes no more than the target. */
export const CollectImagesRequest = Type.Object(
  {
    requestId: Type.Optional(RequestId),
    dryRun: Type.Optional(Type.Boolean()),
    /** Left out: the quota of the plant. */
    targetMiB: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  closed,
);
export type CollectImagesRequest = Static<typeof CollectImagesRequest>;

export const CollectedImage = Type.Object(
  {
    imageId: ImageId,
    verdict: Type.Union([Type.Literal('remove'), Type.Literal('keep')]),
    reason: Type.String(),
    ownBytes: Bytes,
    hits: Type.Integer({ minimum: 0 }),
    /** Expected seconds that each machine started from the image saves against one started from its parent. */
    savedSeconds: Type.Number({ minimum: 0 }),
    /** `savedSeconds × hits ÷ MiB`. */
    worth: Type.Number({ minimum: 0 }),
  },
  closed,
);
export type CollectedImage = Static<typeof CollectedImage>;

export const CollectedWarehouse = Type.Object(
  {
    warehouseId: WarehouseId,
    plantId: PlantId,
    dryRun: Type.Boolean(),
    usedBytes: Bytes,
    /** Left out when neither a target nor a quota is given: then nothing is removed. */
    targetBytes: Type.Optional(Bytes),
    /** Bytes that were freed, or would be. */
    freedBytes: Bytes,
    images: Type.Array(CollectedImage),
  },
  closed,
);
export type CollectedWarehouse = Static<typeof CollectedWarehouse>;

export const CollectImagesReply = Type.Object(
  {
    requestId: Type.Optional(RequestId),
    warehouses: Type.Array(CollectedWarehouse),
    silentPlants: Type.Array(PlantId),
  },
  closed,
);
export type CollectImagesReply = Static<typeof CollectImagesReply>;

const Side = Type.Union([Type.Literal('same'), Type.Literal('removed'), Type.Literal('added')]);

/** What changes from one image to another. */
export const ImageDiffReply = Type.Object(
  {
    from: ImageId,
    to: ImageId,
    /** Fields of the machine and of the restore that differ; null is absent. */
    machine: Type.Array(Type.Object({ field: Type.String(), from: Type.Unknown(), to: Type.Unknown() }, closed)),
    /** Both histories in one sequence; `removed` is only in the first image, `added` only in the second. */
    history: Type.Array(Type.Object({ side: Side, entry: ImageHistoryEntry }, closed)),
  },
  closed,
);
export type ImageDiffReply = Static<typeof ImageDiffReply>;
