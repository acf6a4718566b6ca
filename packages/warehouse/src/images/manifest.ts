/**
 * A golden image's manifest: what the image is, what was run to make it, and what a host needs to restore it.
 * It is `manifest.json` in the image's folder and never changes after promotion.
 */
import { ActionId } from '@vmgrid/dag';
import { CompatibilityRecord, LineName, MachineSpec } from '@vmgrid/protocol';
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;
const FileName = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$' });
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** One file of the image with its SHA-256 (of the whole content) and apparent size in bytes. */
const ImageFile = Type.Object({ file: FileName, sha256: Digest, bytes: Type.Integer({ minimum: 0 }) }, closed);

/** Of what a boot loses of one action, so much is kept for people to read. */
export const LOST_AT_BOOT = { items: 32, chars: 256 } as const;

/** One action that was really run, in order. */
export const HistoryEntry = Type.Object(
  {
    digest: Digest,
    id: ActionId,
    kind: Type.Union([Type.Literal('script'), Type.Literal('file'), Type.Literal('package'), Type.Literal('host')]),
    seconds: Type.Number({ minimum: 0 }),
    ranAt: Type.String({ format: 'date-time' }),
    /** What it told: name to ClassAd expression. Left out, nothing. */
    attributes: Type.Optional(Type.Record(Type.String(), Type.String())),
    /**
     * Whether a boot of the disk brings back all that it left. Left out of images that were made before this was
     * looked at.
     */
    survivesBoot: Type.Optional(Type.Boolean()),
    /** What a boot loses, in words. */
    lostAtBoot: Type.Optional(
      Type.Array(Type.String({ maxLength: LOST_AT_BOOT.chars }), { minItems: 1, maxItems: LOST_AT_BOOT.items }),
    ),
  },
  closed,
);
export type HistoryEntry = Static<typeof HistoryEntry>;

export const ImageMemory = Type.Object({ memory: FileName, state: FileName }, closed);
export type ImageMemory = Static<typeof ImageMemory>;

/** Device layouts for which the image has the drivers. */
const Layouts = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 64 });

/** With a kernel and an initial RAM disk, which lie beside the base's disk. */
const KernelBoot = Type.Object(
  { kernel: FileName, initrd: FileName, commandLine: Type.String({ maxLength: 1024 }), layouts: Layouts },
  closed,
);

/**
 * By the boot loader on its own disk, as images made for clouds do. Such a guest may configure itself as it first
 * boots.
 */
const FirmwareBoot = Type.Object({ firmware: Type.Literal('bios'), layouts: Layouts }, closed);

export const Manifest = Type.Object(
  {
    version: Type.Literal(1),
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,95}$' }),
    /**
     * The machine the image was frozen as. For a base image, `memoryMiB` and `cpus` are what it boots with at least.
     */
    machine: MachineSpec,
    line: LineName,
    createdAt: Type.String({ format: 'date-time' }),
    createdBy: Type.String({ maxLength: 128 }),
    /** The image whose disk this one's disk is an overlay of. */
    parent: Type.Optional(Type.String()),
    /** The image this one was cloned from, when its disk was put onto another since to keep the chain short. */
    builtFrom: Type.Optional(Type.String()),
    history: Type.Array(HistoryEntry),
    disk: FileName,
    diskFormat: Type.Union([Type.Literal('raw'), Type.Literal('qcow2')]),
    /** Present when the image is suspended; `memoryMiB` and `cpus` of a clone must then be equal. */
    memory: Type.Optional(ImageMemory),
    /** How the image's base boots; children boot as their base does. */
    boot: Type.Union([KernelBoot, FirmwareBoot]),
    /** The image that holds the boot files (its own id for a base image). */
    base: Type.String(),
    compatibility: Type.Optional(CompatibilityRecord),
    files: Type.Array(ImageFile),
  },
  closed,
);
export type Manifest = Static<typeof Manifest>;

/** A frozen image in the warehouse. Its files are read, never written. */
export interface GoldenImage {
  readonly manifest: Manifest;
  /** The image's folder. */
  readonly directory: string;
  /** Folder of the base image, which holds the boot files. */
  readonly baseDirectory: string;
}
