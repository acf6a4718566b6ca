/** Invariants of a plant that must hold whenever its disk or its machines have changed. */
import type { VmRecord } from '@vmgrid/vmplant';
import type { Ledger } from '../ledger.ts';
import type { PlantNode } from '../plant/plant-node.ts';
import { SUSPENDED } from '../plant/virtual-line.ts';
import { Violation } from '../violation.ts';

export interface PlantView {
  readonly node: PlantNode;
  readonly records: readonly VmRecord[];
  readonly ledger: Ledger;
}

type Invariant = (view: PlantView) => void;

/** A plant has at most one VM of a request. */
const notTwice: Invariant = ({ node, records }) => {
  const seen = new Map<string, string>();
  for (const { requestId, vmId } of records) {
    const other = seen.get(requestId);
    if (other)
      fail('no VM twice', `${node.plantId} has two VMs of ${requestId}: ${other} and ${vmId}`, [
        node.plantId,
        requestId,
      ]);
    seen.set(requestId, vmId);
  }
};

/** A VM that a client was told about is on its plant's disk until it is destroyed. */
const notLost: Invariant = ({ node, records, ledger }) => {
  const there = new Set(records.map(({ vmId }) => vmId));
  const promised = ledger.promisedBy.get(node.plantId);
  for (const vmId of promised ?? []) {
    if (there.has(vmId)) continue;
    // A destroyed VM stays destroyed.
    if (node.hasDestroyed(vmId)) promised?.delete(vmId);
    else
      fail('no VM lost', `${node.plantId} knows nothing of ${vmId}, which a client was told of`, [node.plantId, vmId]);
  }
};

/** The machines that run on a host fit there. */
const notOversold: Invariant = ({ node }) => {
  const machines = [...node.host.running.values()];
  const memoryMiB = machines.reduce((sum, { machine }) => sum + machine.memoryMiB, 0);
  const { capacity, plantId } = node;
  if (memoryMiB > capacity.memoryMiB) {
    fail('no oversell', `the machines on ${plantId} have ${memoryMiB} MiB, there are ${capacity.memoryMiB}`, [
      node.plantId,
    ]);
  }
  if (machines.length > capacity.vms) {
    fail('no oversell', `${machines.length} machines run on ${plantId}, at most ${capacity.vms} may`, [node.plantId]);
  }
};

/** No action is recorded twice for a VM: the actions of a simulation are all different. */
const notRunTwice: Invariant = ({ node, records }) => {
  for (const { vmId, history } of records) {
    const digests = new Set(history.map(({ digest }) => digest));
    if (digests.size < history.length) fail('no action twice', `${vmId} has run an action twice`, [node.plantId, vmId]);
  }
};

/**
 * Returns what a record says about a machine that is wrong; undefined when it is right, or when work on the VM is in
 * progress.
 */
export function misstated({ host, disk }: PlantNode, { vmId, state }: VmRecord): string | undefined {
  const directory = disk.directoryOf(vmId);
  const runs = host.running.has(directory);
  if (state === 'running' && !runs) return `${vmId} is said to be running, but its machine is not`;
  if (state !== 'suspended') return undefined;
  if (runs) return `${vmId} is said to be suspended, but its machine runs`;
  return disk.folderOf(directory)?.files.has(SUSPENDED)
    ? undefined
    : `${vmId} is said to be suspended, but has no memory`;
}

/** No hold on an image, no folder, no disc and no machine is left without its VM. It holds only for a plant at rest. */
export const undoneCompletely: Invariant = ({ node, records }) => {
  const { disk, host, plantId } = node;
  const vmIds = new Set(records.map(({ vmId }) => vmId));
  const orphans = [
    ...[...host.running.values()].map(({ vmId }) => ['machine', vmId] as const),
    ...[...disk.holds].map((hold) => ['hold on an image', hold.split(' ')[1]!] as const),
    ...[...disk.folders.keys()].map((vmId) => ['folder', vmId] as const),
  ].filter(([, vmId]) => !vmIds.has(vmId));
  for (const [what, vmId] of orphans)
    fail('undo complete', `${plantId} has a ${what} of ${vmId}, which is no VM`, [node.plantId, vmId]);
  for (const directory of disk.stagings.keys())
    fail('undo complete', `${plantId} has ${directory} left over`, [node.plantId]);
  for (const path of disk.discs.keys())
    fail('undo complete', `${plantId} has the disc ${path} left over`, [node.plantId]);
};

/** Leases end in collection. It holds only for a plant at rest. */
export const leasesEnd: Invariant = ({ node, records }) => {
  for (const { vmId, state } of records) {
    fail('leases end', `the lease of ${vmId} on ${node.plantId} has ended, but it is ${state}`, [node.plantId, vmId]);
  }
};

export const ALWAYS: readonly Invariant[] = [notTwice, notLost, notOversold, notRunTwice];

/** `about`: the ids of the plant, and of the VM or request. */
function fail(invariant: string, message: string, about: readonly string[]): never {
  throw new Violation(invariant, message, about);
}
