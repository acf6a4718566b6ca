import { type Static, Type } from 'typebox';

/** What an operator says of the line. */
export const LibvirtConfig = Type.Object(
  {
    /** Left out: `qemu:///system` for a plant that is root, else `qemu:///session`. */
    uri: Type.Optional(Type.String({ format: 'uri', maxLength: 1024 })),
    /** File with the domain XML of a machine, values in double braces. Left out: the one that comes with vmgrid. */
    domainTemplate: Type.Optional(Type.String({ pattern: '^/' })),
  },
  { additionalProperties: false, default: {} },
);
export type LibvirtConfig = Readonly<Static<typeof LibvirtConfig>>;
