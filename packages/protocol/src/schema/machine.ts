/** Hardware and operating system of a machine: the START node of the configuration DAG. */
import { type Static, Type } from 'typebox';

export const LineName = Type.Union([
  Type.Literal('qemu'),
  Type.Literal('uml'),
  Type.Literal('libvirt'),
  Type.Literal('simulated'),
]);
export type LineName = Static<typeof LineName>;

/** Name and release of an operating system, such as `debian-12`. */
export const OS_NAME = '^[a-z0-9][a-z0-9.-]{0,63}$';

export const MachineSpec = Type.Object(
  {
    arch: Type.Literal('x86_64'),
    os: Type.String({ pattern: OS_NAME }),
    memoryMiB: Type.Integer({ minimum: 64, maximum: 16_777_216 }),
    cpus: Type.Integer({ minimum: 1, maximum: 1024 }),
    diskMiB: Type.Integer({ minimum: 64, maximum: 1_073_741_824 }),
    /** The production line that the client requires; left out, the plants choose. */
    line: Type.Optional(LineName),
  },
  { additionalProperties: false },
);
export type MachineSpec = Static<typeof MachineSpec>;
