/**
 * The manifest of a golden image: what it is, which actions were run to make it, and what a host needs to restore it.
 * It is `manifest.json` in the image's folder, and never changes after the promotion.
 */
import { ActionId } from '@vmgrid/dag';
import { CompatibilityRecord, LineName, MachineSpec } from '@vmgrid/protocol';
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;
const FileName = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$' });
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** One file of the image with its SHA-256 (of the whole content) and apparent size in bytes. */
const ImageFile = Type.Object({ file: FileName, sha256: Digest, bytes: Type.Integer({ minimum: 0 }) }, closed);

/** How much is kept, for people to read, of the results of one action that a boot loses. */
export const LOST_AT_BOOT = { items: 32, chars: 256 } as const;

/** One action that was really run, in order. */
export const HistoryEntry = Type.Object(
  {
    digest: Digest,
    id: ActionId,
    kind: Type.Union([Type.Literal('script'), Type.Literal('file'), Type.Literal('package'), Type.Literal('host')]),
    seconds: Type.Number({ minimum: 0 }),
    ranAt: Type.String({ format: 'date-time' }),
    /** Attributes that the action set: names and ClassAd expressions. Left out: none. */
    attributes: Type.Optional(Type.Record(Type.String(), Type.String())),
    /** Whether a boot of the disk preserves everything that the action made. Older images do not say. */
    survivesBoot: Type.Optional(Type.Boolean()),
    /** In words, the results that a boot loses. */
    lostAtBoot: Type.Optional(
      Type.Array(Type.String({ maxLength: LOST_AT_BOOT.chars }), { minItems: 1, maxItems: LOST_AT_BOOT.items }),
    ),
  },
  closed,
);
export type HistoryEntry = Static<typeof HistoryEntry>;

export const ImageMemory = Type.Object({ memory: FileName, state: FileName }, closed);
export type ImageMemory = Static<typeof ImageMemory>;

/** Device layouts that the image has drivers for. */
const Layouts = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 });

/** Boots with a kernel and an initial RAM disk, which lie beside the base's disk. */
const KernelBoot = Type.Object(
  { kernel: FileName, initrd: FileName, commandLine: Type.String({ maxLength: 1024 }), layouts: Layouts },
  closed,
);

/**
 * Boots by the boot loader on its own disk, as cloud images do. Such a guest may configure itself at its first boot.
 */
const FirmwareBoot = Type.Object({ firmware: Type.Literal('bios'), layouts: Layouts }, closed);

export const Manifest = Type.Object(
  {
    version: Type.Literal(1),
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,95}$' }),
    /**
     * The machine that was frozen as this image. For a base image, `memoryMiB` and `cpus` are the least that it boots
     * with.
     */
    machine: MachineSpec,
    line: LineName,
    createdAt: Type.String({ format: 'date-time' }),
    createdBy: Type.String({ maxLength: 128 }),
    /** The one use it was made for: nothing else is given it, and whoever made it for that removes it. */
    madeFor: Type.Optional(Type.String({ maxLength: 128 })),
    /** The image of whose disk this disk is an overlay. */
    parent: Type.Optional(Type.String()),
    /**
     * The image from which this one was cloned, when its disk was rebased onto another image to keep the chain short.
     */
    builtFrom: Type.Optional(Type.String()),
    history: Type.Array(HistoryEntry),
    disk: FileName,
    diskFormat: Type.Union([Type.Literal('raw'), Type.Literal('qcow2')]),
    /** Present when the image is suspended. A clone must then have the same `memoryMiB` and `cpus`. */
    memory: Type.Optional(ImageMemory),
    /** How the image's base boots; images above it boot in the same way. */
    boot: Type.Union([KernelBoot, FirmwareBoot]),
    /** The image that holds the boot files; for a base image its own id. */
    base: Type.String(),
    compatibility: Type.Optional(CompatibilityRecord),
    files: Type.Array(ImageFile),
  },
  closed,
);
export type Manifest = Static<typeof Manifest>;

/** A frozen image in the warehouse. Its files are read and never written. */
export interface GoldenImage {
  readonly manifest: Manifest;
  /** The folder of the image. */
  readonly directory: string;
  /** The folder of the base image, which holds the boot files. */
  readonly baseDirectory: string;
}
