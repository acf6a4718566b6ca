import { type Static, Type } from 'typebox';

const Controller = Type.Union([Type.Literal('cpu'), Type.Literal('memory'), Type.Literal('pids'), Type.Literal('io')]);
export type Controller = Static<typeof Controller>;
export const CONTROLLERS: readonly Controller[] = ['cpu', 'memory', 'pids', 'io'];

/** Control groups (cgroup v2) that limit what a machine takes of the host. */
export const CgroupConfig = Type.Object(
  {
    /**
     * The group below which the plant makes one for each machine: its folder, which must be writable and have no
     * process of its own; or `own`, the one that the plant was started in, for a service whose group is delegated to it
     * (`Delegate=yes`, `DelegateSubgroup=daemon`).
     */
    parent: Type.String({ pattern: '^(own|/.+)$', maxLength: 4096 }),
    /** What is limited; the host must have each. */
    controllers: Type.Array(Controller, {
      uniqueItems: true,
      default: [...CONTROLLERS],
    }),
    /** Share of the processors when they are short, against 100 of other programs (`cpu.weight`). */
    cpuWeight: Type.Integer({ minimum: 1, maximum: 10_000, default: 100 }),
    /** The same for disks (`io.weight`), where the host's scheduler has it. */
    ioWeight: Type.Integer({ minimum: 1, maximum: 10_000, default: 100 }),
    /** What the hypervisor may take beside the guest's memory. */
    overheadMiB: Type.Integer({ minimum: 0, default: 512 }),
    /** Processes and threads of one machine. Under UML each process of the guest is one. */
    processes: Type.Integer({ minimum: 1, default: 2048 }),
  },
  { additionalProperties: false },
);
export type CgroupConfig = Static<typeof CgroupConfig>;
