/** The requests of a simulation, and the images for them. */
import { digestAction } from '@vmgrid/dag';
import type { CreateRequest } from '@vmgrid/protocol';
import type { GoldenImage } from '@vmgrid/warehouse';
import { actionTaking } from './plant/virtual-guest.ts';
import { VIRTUAL_LINE } from './plant/virtual-line.ts';
import type { Random } from './world/random.ts';

type Work = Pick<CreateRequest, 'machine' | 'dag'>;

const SYSTEM = { arch: 'x86_64', os: 'virtual-1' } as const;
const MADE_AT = '2004-11-06T00:00:00.000Z';
const DISK_MIB = 2_048;

/** Kinds of machines: memory in MiB, and the duration of their three or four actions. */
const KINDS: readonly { readonly memoryMiB: number; readonly actionsMs: readonly number[] }[] = [
  { memoryMiB: 256, actionsMs: [400, 900] },
  { memoryMiB: 512, actionsMs: [800, 1_500, 6_000] },
  { memoryMiB: 1_024, actionsMs: [800, 12_000, 3_000, 500] },
];

function workOf(kind: number): Work {
  const { memoryMiB, actionsMs } = KINDS[kind]!;
  const actions = actionsMs.map((ms, index) => actionTaking(`step-${index}`, ms, `kind ${kind} step ${index}`));
  const edges = actions.slice(1).map(({ id }, index) => ({ from: actions[index]!.id, to: id }));
  return { machine: { ...SYSTEM, memoryMiB, cpus: 1, diskMiB: DISK_MIB }, dag: { actions, edges } };
}

const WORK: readonly Work[] = KINDS.map((_, kind) => workOf(kind));

export const anyWork = (random: Random): Work => random.pick(WORK);

/** Returns the beginning of one of them, for a golden image. */
export function anyBeginning(random: Random): Work {
  const { machine, dag } = random.pick(WORK);
  const actions = dag.actions.slice(0, random.integer(1, dag.actions.length));
  return { machine, dag: { actions, edges: (dag.edges ?? []).slice(0, actions.length - 1) } };
}

export interface VirtualHardware {
  readonly os: string;
  /** Left out, the image is not suspended. */
  readonly memoryMiB: number | undefined;
  readonly diskMiB: number;
}

/** Makes an image for a line of virtual machines; `history` as digests. */
export function virtualImage(id: string, hardware: VirtualHardware, history: readonly string[]): GoldenImage {
  const { os, memoryMiB, diskMiB } = hardware;
  const machine = { ...SYSTEM, os, memoryMiB: memoryMiB ?? 64, cpus: 1, diskMiB };
  return {
    directory: `/warehouse/images/${id}`,
    baseDirectory: '/warehouse/images/base',
    manifest: {
      ...{ version: 1, id, machine, line: 'simulated', createdAt: MADE_AT, createdBy: 'simulation', base: 'base' },
      history: history.map((digest, index) => ({
        digest,
        id: `step-${index}`,
        kind: 'script',
        seconds: 1,
        ranAt: MADE_AT,
        survivesBoot: true,
      })),
      ...{ disk: 'disk', diskFormat: 'raw', files: [] },
      boot: { kernel: 'kernel', initrd: 'initrd', commandLine: '', layouts: [VIRTUAL_LINE.compatibility.layout] },
      ...(memoryMiB === undefined
        ? {}
        : { memory: { memory: 'memory', state: 'state' }, compatibility: VIRTUAL_LINE.compatibility }),
    },
  };
}

/** Makes the base, and for each kind an image with its first action. */
export function virtualImages(): ReadonlyMap<string, GoldenImage> {
  const golden = WORK.map(({ machine, dag }, kind) =>
    virtualImage(`image-${kind}`, machine, [digestAction(dag.actions[0]!)]),
  );
  return new Map(
    [virtualImage('base', { ...SYSTEM, memoryMiB: undefined, diskMiB: DISK_MIB }, []), ...golden].map((image) => [
      image.manifest.id,
      image,
    ]),
  );
}
