import { type Static, Type } from 'typebox';

const Controller = Type.Union([Type.Literal('cpu'), Type.Literal('memory'), Type.Literal('pids'), Type.Literal('io')]);
export type Controller = Static<typeof Controller>;
export const CONTROLLERS: readonly Controller[] = ['cpu', 'memory', 'pids', 'io'];

export const CgroupConfig = Type.Object(
  {
    parent: Type.String({
      pattern: '^(own|/.+)$',
      maxLength: 4096,
      description:
        'Group below which the plant makes one for each machine: its folder, which must be writable and have no ' +
        'process of its own; or `own`, the group that the plant was started in, for a service whose group is ' +
        'delegated to it (`Delegate=yes`, `DelegateSubgroup=daemon`).',
    }),
    controllers: Type.Array(Controller, {
      uniqueItems: true,
      default: [...CONTROLLERS],
      description: 'Controllers that limit machines; the host must have each of them.',
    }),
    cpuWeight: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 100,
      description: 'Share of the processors when they are short, against 100 of other programs (`cpu.weight`).',
    }),
    ioWeight: Type.Integer({
      minimum: 1,
      maximum: 10_000,
      default: 100,
      description: "Share of the disks when they are busy (`io.weight`), where the host's scheduler has it.",
    }),
    overheadMiB: Type.Integer({
      minimum: 0,
      default: 512,
      description: "Memory of the hypervisor in addition to the guest's.",
    }),
    processes: Type.Integer({
      minimum: 1,
      default: 2048,
      description: 'Processes and threads of one machine. Under UML each process of the guest is one.',
    }),
  },
  {
    additionalProperties: false,
    description:
      'Control groups (cgroup v2) that limit what the processes of each machine of the lines `qemu` and `uml` ' +
      'take of the host. Left out: only rlimits apply.',
  },
);
export type CgroupConfig = Static<typeof CgroupConfig>;
