import { type Static, Type } from 'typebox';

/** The operator's configuration of the line. */
export const LibvirtConfig = Type.Object(
  {
    uri: Type.Optional(
      Type.String({
        format: 'uri',
        maxLength: 1024,
        description:
          'The libvirt daemon to connect to. ' +
          'Left out: `qemu:///system` for a plant that is root, else `qemu:///session`.',
      }),
    ),
    domainTemplate: Type.Optional(
      Type.String({
        pattern: '^/',
        description:
          'File with the domain XML of a machine, values in double braces. Left out: the one that comes with vmgrid.',
      }),
    ),
  },
  {
    additionalProperties: false,
    default: {},
    description: 'The libvirt daemon of the line `libvirt`, and the template of its machines.',
  },
);
export type LibvirtConfig = Readonly<Static<typeof LibvirtConfig>>;
