/**
 * Finds the faults of a grid in which no work is in progress: VMs lost or made twice, objects without a VM, wrong
 * states.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClassAdJson } from '@vmgrid/protocol';
import type { TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { listeningAddresses, processesBelow } from '@vmgrid/test-support/hosts/processes.ts';

export interface Expected {
  readonly grid: TestGrid;
  readonly plants: readonly string[];
  /** VMs that clients were told of and that nobody destroyed, with the states they may be in. */
  readonly vms: ReadonlyMap<string, readonly string[]>;
}

const AT_REST: ReadonlySet<unknown> = new Set(['running', 'suspended', 'failed']);
/** A lease that ended so long ago and its VM is there still. */
const LEASE_SLACK_MS = 5_000;

/** Empty when all is well. */
export async function problemsOf({ grid, plants, vms }: Expected): Promise<readonly string[]> {
  const { vms: ads, silentPlants } = await grid.client.list();
  if (silentPlants.length > 0) return [`${silentPlants.join(' ')} did not answer`];
  const listed = new Map(ads.map((ad) => [String(ad.VmId), ad]));
  const answers = await Promise.all([
    ...plants.map((plant) => problemsAt(grid, plant, ads)),
    strayProcesses(grid, listed),
    warehouseProblems(grid, listed),
  ]);
  return [...lost(vms, listed), ...twice(ads), ...ads.flatMap(untrue), ...answers.flat()];
}

function lost(vms: Expected['vms'], listed: ReadonlyMap<string, ClassAdJson>): string[] {
  return [...vms].flatMap(([vmId, states]) => {
    const state = listed.get(vmId)?.State;
    if (state === undefined) return [`${vmId} is lost`];
    return states.includes(String(state)) ? [] : [`${vmId} is ${state}, not ${states.join(' or ')}`];
  });
}

function twice(ads: readonly ClassAdJson[]): string[] {
  const byRequest = Map.groupBy(ads, ({ RequestId }) => RequestId);
  return [...byRequest].flatMap(([requestId, all]) =>
    all.length > 1 ? [`${requestId} has ${all.length} VMs: ${all.map(({ VmId }) => VmId).join(' ')}`] : [],
  );
}

function untrue({ VmId, State, LeaseEndsAt }: ClassAdJson): string[] {
  if (!AT_REST.has(State)) return [`${VmId} is ${State} though nothing is under way`];
  const isOver = Date.parse(String(LeaseEndsAt)) < Date.now() - LEASE_SLACK_MS;
  return isOver ? [`the lease of ${VmId} ended at ${LeaseEndsAt}`] : [];
}

/** Folders, machines, sockets and ports of one plant, against its VMs. */
async function problemsAt(grid: TestGrid, plant: string, ads: readonly ClassAdJson[]): Promise<string[]> {
  const own = new Map(ads.filter(({ Plant }) => Plant === plant).map((ad) => [String(ad.VmId), ad]));
  const root = join(grid.stateOf(plant), 'vms');
  const folders = await readdir(root).catch(() => []);
  const found = folders.flatMap((name) => (own.has(name) ? [] : [`${plant} has the folder ${name}, which is no VM`]));
  for (const [vmId, { State }] of own) {
    const machines = await processesBelow(join(root, vmId));
    if (State === 'running' && machines.length === 0) found.push(`${vmId} is said to be running, but has no process`);
    if (State === 'suspended' && machines.length > 0) found.push(`${vmId} is said to be suspended, but has a process`);
  }
  const ports = [...own.values()].flatMap(({ State, SshPort }) =>
    State === 'running' ? [`127.0.0.1:${SshPort}`] : [],
  );
  const open = await listeningAddresses(grid.daemon(plant).pid);
  const stray = open.filter((address) => !ports.includes(address));
  return stray.length > 0 ? [...found, `${plant} listens at ${stray.join(' ')}, which are no VM's`] : found;
}

async function strayProcesses(grid: TestGrid, listed: ReadonlyMap<string, ClassAdJson>): Promise<string[]> {
  const below = await processesBelow(grid.directory);
  const isOf = (folder: string) => [...listed.keys()].some((vmId) => folder.includes(vmId));
  return below.flatMap(({ pid, command, folder }) => (isOf(folder) ? [] : [`process ${pid} in ${folder}: ${command}`]));
}

/** Holds on images, and images in the making or on their way out. */
async function warehouseProblems({ warehouse }: TestGrid, listed: ReadonlyMap<string, ClassAdJson>): Promise<string[]> {
  const names = await readdir(warehouse, { recursive: true }).catch(() => []);
  return names.flatMap((name) => {
    const user = /^references\/[^/]+\/([^/]+)$/.exec(name)?.[1];
    if (user !== undefined) return listed.has(user) ? [] : [`${name} is held for no VM`];
    return /^(staging|trash)\/[^/]+$/.test(name) ? [`the warehouse has ${name}`] : [];
  });
}
