/** What a production line can do on a plant's host, and what its suspended images need elsewhere. */
import { type Static, Type } from 'typebox';
import { LineName } from './machine.ts';

const closed = { additionalProperties: false } as const;

/** What must be equal on the host that restores a suspended image. */
export const CompatibilityRecord = Type.Object(
  {
    vmm: Type.String({ maxLength: 64 }),
    vmmVersion: Type.String({ maxLength: 128 }),
    accelerator: Type.String({ maxLength: 32 }),
    machineType: Type.String({ maxLength: 64 }),
    cpuModel: Type.String({ maxLength: 64 }),
    /** Which devices the machine has, and where; a name the line gives. */
    layout: Type.String({ maxLength: 64 }),
  },
  closed,
);
export type CompatibilityRecord = Static<typeof CompatibilityRecord>;

/** How the disk of an image is kept: `raw` as it is, `qcow2` over the disk of another image. */
export const DiskFormat = Type.Union([Type.Literal('raw'), Type.Literal('qcow2')]);
export type DiskFormat = Static<typeof DiskFormat>;

/** Found by trying, not by asking for versions only. */
export const LineReport = Type.Object(
  {
    line: LineName,
    available: Type.Boolean(),
    /** Why not, and what to do about it; of an available line, why it is slower than it could be. Else empty. */
    reason: Type.String({ maxLength: 4096 }),
    /** What an image suspended here would need to be restored elsewhere. */
    compatibility: CompatibilityRecord,
    /** Whether the line restores suspended images (else it only boots). */
    restores: Type.Boolean(),
    /** Disks of images that it boots from. */
    diskFormats: Type.Array(DiskFormat),
    /** Processors that a machine may have; left out: what the plant allows. */
    mostCpus: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
);
export type LineReport = Readonly<Static<typeof LineReport>>;
