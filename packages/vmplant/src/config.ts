/** Configuration of a plant: the schema is the source of the types, of `schemas/` and of the defaults. */

import { perOwner, SECURITY_CONFIG } from '@vmgrid/access';
import { HEAP_MIB, heapMiBField, LOG_LEVELS } from '@vmgrid/daemon';
import { DAG_LIMITS, Duration } from '@vmgrid/dag';
import { CgroupConfig } from '@vmgrid/host';
import { LibvirtConfig, SimulatedConfig } from '@vmgrid/lines';
import { LineName, OwnerLimits, PlantId } from '@vmgrid/protocol';
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;

export const PlantConfig = Type.Object(
  {
    plantId: PlantId,
    /**
     * Shops and brokers to dial: WebSocket addresses of their links. None: the plant waits at its door to be dialled.
     */
    upstreams: Type.Array(Type.String({ pattern: '^wss?://' }), {
      maxItems: 16,
      default: ['ws://127.0.0.1:7780/v1/link'],
    }),
    /**
     * Port of the plant's own HTTP door, for its warehouse and for shops that dial it; 0 takes any free port. Left out:
     * there is no door.
     */
    httpPort: Type.Optional(Type.Integer({ minimum: 0, maximum: 65_535 })),
    /** Address of that door. Anything but loopback must be asked for. */
    host: Type.String({ minLength: 1, maxLength: 255, default: '127.0.0.1' }),
    ...SECURITY_CONFIG,
    /** Requests per minute and client address at that door. */
    requestsPerMinute: Type.Integer({ minimum: 1, default: 6_000 }),
    /** The plant's own folder: VMs, database. One plant at a time. */
    stateDirectory: Type.String({ pattern: '^/' }),
    /** Golden images; plants may share it. */
    warehouseDirectory: Type.String({ pattern: '^/' }),
    /** What the golden images may take on the disk; an image that would go beyond is not kept. Left out: no limit. */
    warehouseQuotaMiB: Type.Optional(Type.Integer({ minimum: 1 })),
    lines: Type.Array(LineName, { minItems: 1, default: ['qemu'] }),
    /** How machines of the line `simulated` behave. */
    simulated: SimulatedConfig,
    /** What the line `libvirt` connects to, and what its machines are. */
    libvirt: LibvirtConfig,
    capacity: Type.Object(
      {
        /** Memory for VMs. Left out: three quarters of the host's. */
        memoryMiB: Type.Optional(Type.Integer({ minimum: 64 })),
        /** Sum of the disks promised to VMs. Left out: what is free in the state directory when the plant starts. */
        diskMiB: Type.Optional(Type.Integer({ minimum: 64 })),
        /** Processors that one VM may have. Left out: the host's. */
        cpusPerVm: Type.Optional(Type.Integer({ minimum: 1 })),
        vms: Type.Integer({ minimum: 1, maximum: 4096, default: 64 }),
        /** Actions of one DAG. Left out: as many as any DAG may have. */
        actionsPerDag: Type.Optional(Type.Integer({ minimum: 0, maximum: DAG_LIMITS.actions })),
      },
      { ...closed, default: {} },
    ),
    /** What one owner may have of that capacity. Left out: all of it. */
    ownerLimits: Type.Optional(perOwner(OwnerLimits)),
    /** A preset (`memory`, `seconds`, `network`) or a ClassAd expression over MY (request), TARGET (plant) and PLAN. */
    cost: Type.String({ minLength: 1, maxLength: 8192, default: 'memory' }),
    bidValidity: Type.Unsafe<string>({ ...Duration, default: 'PT30S' }),
    lease: Type.Object(
      {
        default: Type.Unsafe<string>({ ...Duration, default: 'PT4H' }),
        maximum: Type.Unsafe<string>({ ...Duration, default: 'P7D' }),
        /** How long before its end a lease is said to end soon. */
        warning: Type.Unsafe<string>({ ...Duration, default: 'PT10M' }),
        /** How long a VM is kept that was suspended as its lease ended. */
        suspended: Type.Unsafe<string>({ ...Duration, default: 'P7D' }),
      },
      { ...closed, default: {} },
    ),
    /**
     * `isolated`: a guest is reached on its forwarded ssh port and reaches nothing. `outbound`: it also reaches
     * whatever the host reaches, the host's own loopback services included.
     */
    guestNetwork: Type.Union([Type.Literal('isolated'), Type.Literal('outbound')], { default: 'isolated' }),
    /**
     * Limits of the host's on the processes of each machine of the lines `qemu` and `uml`. Left out: there are none but
     * rlimits.
     */
    cgroup: Type.Optional(CgroupConfig),
    /** Folder of executables that `kind="host"` actions may name. Left out: there are none. */
    hostActionDirectory: Type.Optional(Type.String({ pattern: '^/' })),
    /** How long a guest may take to boot until its agent answers. */
    bootDeadline: Type.Unsafe<string>({ ...Duration, default: 'PT3M' }),
    /** Whether the plant publishes what its bids depend on, so that those above compute them. Otherwise it is asked. */
    standingOffers: Type.Boolean({ default: true }),
    /** Machines being made at the same time; more wait their turn. */
    concurrentCreations: Type.Integer({ minimum: 1, maximum: 256, default: 4 }),
    /** Whether and how the plant builds images unasked, judged by the requests that it remembers. */
    tending: Type.Object(
      {
        enabled: Type.Boolean({ default: false }),
        /** How long the plant must have been without work. */
        idleFor: Type.Unsafe<string>({ ...Duration, default: 'PT1M' }),
        /** What the images that were built unasked may take together. */
        quotaMiB: Type.Integer({ minimum: 1, default: 8192 }),
        /** What an image must have been able to save of all remembered requests together. */
        minimumSavedSeconds: Type.Number({ minimum: 0, default: 60 }),
      },
      { ...closed, default: {} },
    ),
    /** How far the daemon's heap may grow, in MiB; a limit that Node was started with goes before. */
    heapMiB: heapMiBField(HEAP_MIB.vmplant),
    logLevel: Type.Union(
      LOG_LEVELS.map((level) => Type.Literal(level)),
      { default: 'info' },
    ),
  },
  { ...closed, anyOf: [{ required: ['httpPort'] }, { properties: { upstreams: { minItems: 1 } } }] },
);
export type PlantConfig = Static<typeof PlantConfig>;
