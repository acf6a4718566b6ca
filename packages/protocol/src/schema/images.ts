/** Golden images and warehouses, as operators see and change them. */
import { ActionId } from '@vmgrid/dag';
import { type Static, Type } from 'typebox';
import { LineName, MachineSpec } from './machine.ts';
import { Next } from './pages.ts';
import { ImageId, PlantId, RequestId } from './requests.ts';

const closed = { additionalProperties: false } as const;
const Timestamp = Type.String({ format: 'date-time' });
const Bytes = Type.Integer({ minimum: 0 });

/** A name that an operator gives to an image. It can be used wherever an image id can. */
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

/** The properties that a host needs to restore a suspended image. On other hosts the image boots. */
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
    /** Why a plant starts no machine from the image until it has been verified again. */
    broken: Type.Optional(Type.String()),
    /** The only use that the image serves, such as a comparison that is under way: no request gets it. */
    madeFor: Type.Optional(Type.String()),
    compatibility: Type.Optional(Compatibility),
    parent: Type.Optional(ImageId),
    /** The images below this one, the nearest first. */
    parents: Type.Array(ImageId),
    createdAt: Timestamp,
    createdBy: Type.String(),
    history: Type.Array(ImageHistoryEntry),
    /**
     * Bytes on disk of the image itself, bytes of the parents that it needs, and the size of the disk that a guest
     * sees.
     */
    ownBytes: Bytes,
    sharedBytes: Bytes,
    virtualBytes: Bytes,
    /** Machines started from the image (VMs and builds), and when the last one was. */
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
    /** Ids of the actions that run for each machine and that no image may hold; left out when there are none. */
    leftOut: Type.Optional(Type.Array(ActionId, { minItems: 1 })),
  },
  closed,
);
export type BuildImageReply = Static<typeof BuildImageReply>;

/** Imports the images of an archive, which is the body, into the warehouse of a plant. */
export const ImportImagesRequest = Type.Object(
  {
    requestId: Type.Optional(RequestId),
    /** Digest of the archive's bytes in the form of Repr-Digest (RFC 9530). */
    digest: Type.Optional(Type.String({ pattern: '^sha-256=:[A-Za-z0-9+/]{43}=:$' })),
    /** Also imports the memory of images that the plant's host cannot restore: other hosts of the warehouse may. */
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
           * Its id in the archive. It differs when the warehouse has another build under that id, or when the memory
           * was left out.
           */
          archivedId: ImageId,
          /** False when the warehouse already had it. */
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

/** Changes the labels of an image; the image itself never changes. Fields that are left out stay as they are. */
export const LabelImageRequest = Type.Object(
  {
    pinned: Type.Optional(Type.Boolean()),
    /** A tag that named another image before names this one from now on. */
    addTags: Type.Optional(Type.Array(ImageTag, { maxItems: 64 })),
    dropTags: Type.Optional(Type.Array(ImageTag, { maxItems: 64 })),
  },
  closed,
);
export type LabelImageRequest = Static<typeof LabelImageRequest>;

/** Verifies images, by id or tag; all when none is named. */
export const VerifyImagesRequest = Type.Object(
  {
    requestId: Type.Optional(RequestId),
    imageIds: Type.Optional(Type.Array(ImageId, { maxItems: 100_000 })),
    /** Whether to start two clones of each image, and check that they share nothing that must differ. */
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
    /** The faults, each with its file, or `identity`; none when the image matches its manifest. */
    faults: Type.Array(Type.Object({ file: Type.String(), reason: Type.String() }, closed)),
  },
  closed,
);
export type VerifiedImage = Static<typeof VerifiedImage>;

/** Used in place of a file name: clones of the image share something that must differ. */
export const IDENTITY_FAULT = 'identity';

export const VerifyImagesReply = Type.Object(
  { requestId: Type.Optional(RequestId), images: Type.Array(VerifiedImage), silentPlants: Type.Array(PlantId) },
  closed,
);
export type VerifyImagesReply = Static<typeof VerifyImagesReply>;

/** Removes the images that are worth least, until a warehouse is no larger than the target. */
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
    /** Expected seconds that each machine started from the image saves, compared with one started from its parent. */
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
    /** Left out when there is neither a target nor a quota; then nothing is removed. */
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

/** The differences between two images. */
export const ImageDiffReply = Type.Object(
  {
    from: ImageId,
    to: ImageId,
    /** Fields of the machine and of the restore that differ; null means absent. */
    machine: Type.Array(Type.Object({ field: Type.String(), from: Type.Unknown(), to: Type.Unknown() }, closed)),
    /** Both histories in one sequence. `removed` is in the first image only, `added` in the second only. */
    history: Type.Array(Type.Object({ side: Side, entry: ImageHistoryEntry }, closed)),
  },
  closed,
);
export type ImageDiffReply = Static<typeof ImageDiffReply>;
