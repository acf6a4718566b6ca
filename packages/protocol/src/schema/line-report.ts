/** A production line's abilities on a plant's host, and the requirements of its suspended images elsewhere. */
import { type Static, Type } from 'typebox';
import { LineName } from './machine.ts';

const closed = { additionalProperties: false } as const;

/** Properties that must be equal on the host that restores a suspended image. */
export const CompatibilityRecord = Type.Object(
  {
    vmm: Type.String({ maxLength: 64 }),
    vmmVersion: Type.String({ maxLength: 128 }),
    accelerator: Type.String({ maxLength: 32 }),
    machineType: Type.String({ maxLength: 64 }),
    cpuModel: Type.String({ maxLength: 64 }),
    /** The devices of the machine and their addresses, under a name that the line gives. */
    layout: Type.String({ maxLength: 64 }),
  },
  closed,
);
export type CompatibilityRecord = Static<typeof CompatibilityRecord>;

/** How an image's disk is stored: `raw` is complete, `qcow2` lies over the disk of another image. */
export const DiskFormat = Type.Union([Type.Literal('raw'), Type.Literal('qcow2')]);
export type DiskFormat = Static<typeof DiskFormat>;

/** Found by trying, not only by asking for versions. */
export const LineReport = Type.Object(
  {
    line: LineName,
    available: Type.Boolean(),
    /**
     * Why the line is not available, and what to do about it; for an available line, why it is slower than possible;
     * otherwise empty.
     */
    reason: Type.String({ maxLength: 4096 }),
    /** The properties that another host needs to restore an image which is suspended here. */
    compatibility: CompatibilityRecord,
    /** Layouts of devices that the line makes for images of before; `compatibility` has that of new ones. */
    olderLayouts: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 16 })),
    /** Whether the line restores suspended images. If not, it only boots. */
    restores: Type.Boolean(),
    /** Disk formats of images that it can boot. */
    diskFormats: Type.Array(DiskFormat),
    /** Most processors of a machine; left out: the plant's limit. */
    mostCpus: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
);
export type LineReport = Readonly<Static<typeof LineReport>>;
