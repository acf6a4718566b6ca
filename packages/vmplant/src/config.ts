/** Configuration of a plant: the schema is the source of the types, of `schemas/` and of the defaults. */

import { perOwner, SECURITY_CONFIG } from '@vmgrid/access';
import { HEAP_MIB, heapMiBField, LOG_LEVELS } from '@vmgrid/daemon';
import { DAG_LIMITS, Duration } from '@vmgrid/dag';
import { CgroupConfig } from '@vmgrid/host';
import { LibvirtConfig, SimulatedConfig } from '@vmgrid/lines';
import { LineName, OwnerLimits, PlantId } from '@vmgrid/protocol';
import { type Static, Type } from 'typebox';

const closed = { additionalProperties: false } as const;

/** ISO 8601. */
const duration = (value: string, description: string) =>
  Type.Unsafe<string>({ ...Duration, default: value, description });

export const PlantConfig = Type.Object(
  {
    plantId: Type.Unsafe<string>({
      ...PlantId,
      description: 'Name of the plant. No other plant or broker of the grid has it.',
    }),
    upstreams: Type.Array(Type.String({ pattern: '^wss?://' }), {
      maxItems: 16,
      default: ['ws://127.0.0.1:7780/v1/link'],
      description:
        'WebSocket addresses of the links of shops and brokers that the plant dials. ' +
        'Empty: the plant waits at its `httpPort` to be dialled.',
    }),
    httpPort: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 65_535,
        description:
          "Port of the plant's own HTTP endpoint, for its warehouse and for shops that dial it. " +
          '0 takes any free port. Left out: there is no endpoint.',
      }),
    ),
    host: Type.String({
      minLength: 1,
      maxLength: 255,
      default: '127.0.0.1',
      description: 'Address that the daemon listens on. Anything but loopback needs `tls`.',
    }),
    ...SECURITY_CONFIG,
    requestsPerMinute: Type.Integer({
      minimum: 1,
      default: 6_000,
      description:
        'Requests that one client address may send to the HTTP endpoint; on loopback each token counts by itself.',
    }),
    stateDirectory: Type.String({
      pattern: '^/',
      description: "The plant's own folder: VMs, database. Only one plant at a time may use it.",
    }),
    warehouseDirectory: Type.String({
      pattern: '^/',
      description: 'Folder of the golden images. Several plants may share it.',
    }),
    warehouseQuotaMiB: Type.Optional(
      Type.Integer({
        minimum: 1,
        description:
          'Disk space that the golden images may take; an image that would exceed it is not kept. ' +
          'Left out: no limit.',
      }),
    ),
    lines: Type.Array(LineName, {
      minItems: 1,
      default: ['qemu'],
      description: 'Production lines that the plant makes machines with.',
    }),
    simulated: SimulatedConfig,
    libvirt: LibvirtConfig,
    capacity: Type.Object(
      {
        memoryMiB: Type.Optional(
          Type.Integer({ minimum: 64, description: "Memory for VMs. Left out: three quarters of the host's." }),
        ),
        diskMiB: Type.Optional(
          Type.Integer({
            minimum: 64,
            description:
              'Sum of the disks promised to VMs. ' +
              'Left out: what is free in the state directory when the plant starts.',
          }),
        ),
        cpusPerVm: Type.Optional(
          Type.Integer({ minimum: 1, description: "Processors that one VM may have. Left out: the host's." }),
        ),
        vms: Type.Integer({ minimum: 1, maximum: 4096, default: 64, description: 'VMs at the same time.' }),
        actionsPerDag: Type.Optional(
          Type.Integer({
            minimum: 0,
            maximum: DAG_LIMITS.actions,
            description: 'Actions of one DAG. Left out: as many as any DAG may have.',
          }),
        ),
      },
      { ...closed, default: {}, description: 'What the plant has for all VMs together.' },
    ),
    ownerLimits: Type.Optional(
      perOwner(OwnerLimits, "How much of the plant's capacity one owner may have. Left out: all of it."),
    ),
    cost: Type.String({
      minLength: 1,
      maxLength: 8192,
      default: 'memory',
      description:
        'How a bid is priced: a preset (`memory`, `seconds`, `network`), ' +
        'or a ClassAd expression over MY (the request), TARGET (the plant) and PLAN.',
    }),
    bidValidity: duration('PT30S', 'How long a bid is valid.'),
    lease: Type.Object(
      {
        default: duration('PT4H', 'Lease of a VM whose request names none.'),
        maximum: duration('P7D', 'Longest lease that the plant grants.'),
        warning: duration('PT10M', 'How long before its end the plant warns that a lease ends.'),
        suspended: duration('P7D', 'How long a VM is kept that was suspended when its lease ended.'),
      },
      { ...closed, default: {}, description: 'How long VMs live.' },
    ),
    guestNetwork: Type.Union([Type.Literal('isolated'), Type.Literal('outbound')], {
      default: 'isolated',
      description:
        '`isolated`: a guest is reached on its forwarded ssh port and reaches nothing. ' +
        "`outbound`: it also reaches whatever the host reaches, the host's own loopback services included.",
    }),
    cgroup: Type.Optional(CgroupConfig),
    hostActionDirectory: Type.Optional(
      Type.String({
        pattern: '^/',
        description: 'Folder of executables that `kind="host"` actions may name. Left out: there are none.',
      }),
    ),
    bootDeadline: duration('PT3M', 'How long a guest may take to boot until its agent answers.'),
    standingOffers: Type.Boolean({
      default: true,
      description:
        'Whether the plant publishes what its bids depend on, so that shops and brokers above compute them. ' +
        'If not, it is asked for each bid.',
    }),
    concurrentCreations: Type.Integer({
      minimum: 1,
      maximum: 256,
      default: 4,
      description: 'Machines that are made at the same time; more wait their turn.',
    }),
    tending: Type.Object(
      {
        enabled: Type.Boolean({ default: false, description: 'Whether the plant builds images without a request.' }),
        idleFor: duration('PT1M', 'How long the plant must have been without work.'),
        quotaMiB: Type.Integer({
          minimum: 1,
          default: 8192,
          description: 'Disk space that all images built without a request may take together.',
        }),
        minimumSavedSeconds: Type.Number({
          minimum: 0,
          default: 60,
          description: 'Time that an image must be able to save all remembered requests together.',
        }),
      },
      {
        ...closed,
        default: {},
        description: 'Whether and how the plant builds images that would have saved past requests time.',
      },
    ),
    heapMiB: heapMiBField(HEAP_MIB.vmplant),
    logLevel: Type.Union(
      LOG_LEVELS.map((level) => Type.Literal(level)),
      { default: 'info', description: 'The least severe messages that are logged.' },
    ),
  },
  { ...closed, anyOf: [{ required: ['httpPort'] }, { properties: { upstreams: { minItems: 1 } } }] },
);
export type PlantConfig = Static<typeof PlantConfig>;
