/**
 * Carries out a plan: overlay, restore or boot, identity, remaining actions. The caller's undo stack gets everything
 * that it acquires, so that a failure at any step leaves nothing behind.
 */
import { type Clock, within } from '@vmgrid/daemon';
import type { Guest, GuestAccess, Machine, MachineState, ProductionLine, StartOrder } from '@vmgrid/lines';
import { type LineName, late } from '@vmgrid/protocol';
import type { Attributes } from '../configuration/attributes.ts';
import type { Configuration } from '../configuration/configuration.ts';
import type { Configurator } from '../configuration/configurator.ts';
import type { PlannedMaking } from './making.ts';

export interface ExecutionDeps {
  readonly lines: ReadonlyMap<LineName, ProductionLine>;
  readonly configurator: Configurator;
  readonly clock: Clock;
  /** Longest time from the machine's start until its agent answers. */
  readonly bootDeadlineMs: number;
  /** The networks that guests may reach. */
  readonly guestNetwork: StartOrder['guestNetwork'];
}

export interface ExecutionJob extends PlannedMaking, Pick<StartOrder, 'directory' | 'machine' | 'purpose'> {
  /** Returns the VM's classad as JSON, with the attributes set so far, for host actions. */
  readonly describe: (told: Attributes) => string;
  /** Called as soon as the machine's process runs, so that it can be found again after a crash. */
  readonly started: (state: MachineState) => Promise<void>;
  /** Called with the access to the guest once its network is open. */
  readonly opened: (access: GuestAccess) => Promise<void>;
}

export interface Execution {
  readonly machine: Machine;
  readonly guest: Guest;
  readonly configuration: Configuration;
}

export async function executePlan(job: ExecutionJob, deps: ExecutionDeps): Promise<Execution> {
  const { phases, plan, undo, signal } = job;
  const order = orderFor(job, deps);
  const line = deps.lines.get(plan.line);
  if (!line) throw new Error(`the plan names the line ${plan.line}, which this plant does not have`);
  // Writing the disc takes as long as a restore, so both run at the same time.
  const growDisk = order.machine.diskMiB > order.image.manifest.machine.diskMiB;
  const cloudInit = order.start === 'boot' && 'firmware' in order.image.manifest.boot;
  const { history: inherited } = order.image.manifest;
  const observe = order.purpose === 'build';
  const { hostName, macAddress } = job.names;
  const identity = { hostName, macAddress, growDisk };
  const configured = { ...job, actions: plan.remaining, identity, cloudInit, inherited, observe };
  const disc = deps.configurator.prepare(configured);
  undo.push('disc', () => disc.discard());
  await phases.time('overlay', () => line.createOverlay(order, signal));
  if (cloudInit) await disc.written; // cloud-init looks for it as the guest boots
  const ready = cloudInit ? { ...order, disc: disc.path } : order;
  const { clock, bootDeadlineMs } = deps;
  const stop = { ms: STOP_DEADLINE_MS, clock, late: goesOn(order) };
  const machine = await phases.time(order.start, () => line.start(ready, signal));
  undo.push('machine', () => within(stop, (until) => machine.stop(0, until)));
  await job.started(machine.state);
  const boot = { ms: bootDeadlineMs, signal, clock, late: silent(order) };
  const guest = await phases.time('agent', () => within(boot, (until) => machine.guest(until)));
  const configuration = await deps.configurator.configure({ ...configured, machine, guest, disc }, signal);
  return { machine, guest, configuration };
}

const STOP_DEADLINE_MS = 10_000;

function orderFor(job: ExecutionJob, { guestNetwork }: ExecutionDeps): StartOrder {
  const { directory, machine, purpose, plan } = job;
  const { image, start } = plan;
  const { vmId, macAddress } = job.names;
  return { vmId, directory, machine, image, purpose, start, macAddress, guestNetwork };
}

const silent = ({ vmId }: StartOrder) =>
  late('GUEST_UNREACHABLE', `the agent in the guest of ${vmId} did not answer`, { vmId });
const goesOn = ({ vmId }: StartOrder) => late('VMM_FAILED', `the machine of ${vmId} did not end`, { vmId });
