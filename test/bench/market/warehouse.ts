/** The golden images that all plants of the bench have, and what clients ask for. */
import type { KnownImage } from '@vmgrid/bidding';
import { type Action, digestAction } from '@vmgrid/dag';
import type { CreateRequest, Identified, LineReport } from '@vmgrid/protocol';

const compatibility = {
  ...{ vmm: 'qemu', vmmVersion: '8.2.2', accelerator: 'kvm' },
  ...{ machineType: 'microvm', cpuModel: 'host', layout: 'devices-1' },
};

export const LINES: readonly LineReport[] = [
  { line: 'qemu', available: true, reason: '', compatibility, restores: true, diskFormats: ['raw', 'qcow2'] },
];

const FAMILIES = 4;
const ACTIONS = 5;
const MEMORIES = [256, 512] as const;

const script = (family: number, step: number): Action => ({
  kind: 'script',
  id: `step-${step}`,
  script: `configure ${family} ${step}`,
});
const actionsOf = (family: number): Action[] => Array.from({ length: ACTIONS }, (_, step) => script(family, step));

const machineOf = (memoryMiB: number) =>
  ({ arch: 'x86_64', os: 'debian-12', memoryMiB, cpus: 1, diskMiB: 2_048 }) as const;

/** A base, and of each family an image with its first three actions for each memory size. */
export const images: ReadonlyMap<string, KnownImage> = new Map(
  [
    { id: 'base', memoryMiB: 256, actions: [] as Action[] },
    ...Array.from({ length: FAMILIES }, (_, family) => family).flatMap((family) =>
      MEMORIES.map((memoryMiB) => ({
        ...{ id: `family-${family}-${memoryMiB}`, memoryMiB },
        actions: actionsOf(family).slice(0, 3),
      })),
    ),
  ].map(({ id, memoryMiB, actions }): [string, KnownImage] => [
    id,
    {
      manifest: {
        ...{ id, machine: machineOf(memoryMiB), line: 'qemu', diskFormat: 'qcow2', createdAt: '2026-01-01T00:00:00Z' },
        history: actions.map((action) => ({ digest: digestAction(action), id: action.id, survivesBoot: true })),
        boot: { layouts: ['devices-1'] },
        ...(actions.length > 0 ? { memory: {}, compatibility } : {}),
      },
    },
  ]),
);

/** The request of this number: of one of eight classes, and of each owner in turn. */
export function requestOf(number: number, owners = 0): Identified<CreateRequest> {
  const family = number % FAMILIES;
  const actions = actionsOf(family);
  return {
    requestId: `bench-${number}`,
    machine: machineOf(MEMORIES[Math.floor(number / FAMILIES) % MEMORIES.length]!),
    dag: { actions, edges: actions.slice(1).map(({ id }, at) => ({ from: actions[at]!.id, to: id })) },
    lease: 'PT1H',
    ...(owners > 0 && { caller: { owner: `owner-${number % owners}`, sees: 'own' } }),
  };
}
