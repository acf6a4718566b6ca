/**
 * Recovers the VMs that an earlier run of the plant left: adopts machines that still run, undoes unfinished creations,
 * resumes destructions, and marks the VMs whose machine is gone.
 */
import type { Admission } from '@vmgrid/bidding';
import { type Clock, type Log, within } from '@vmgrid/daemon';
import type { GuestAccess, Machine, ProductionLine } from '@vmgrid/lines';
import { GridError, type LineName, late } from '@vmgrid/protocol';
import type { ImageHolds } from '@vmgrid/warehouse';
import type { Configurator } from '../configuration/configurator.ts';
import type { Leases } from '../leases/leases.ts';
import type { LivingMachine, LivingMachines } from '../vms/living-machines.ts';
import { moveTo, type VmRecord } from '../vms/vm.ts';
import type { VmRegistry } from '../vms/vm-registry.ts';
import { resumeMachine } from './resume-machine.ts';
import { healthy, needOf, withoutAccess } from './suspension.ts';

export interface RecoveryDeps {
  readonly lines: ReadonlyMap<LineName, ProductionLine>;
  readonly registry: VmRegistry;
  readonly admission: Admission;
  readonly living: LivingMachines;
  readonly leases: Leases;
  readonly warehouse: ImageHolds;
  readonly configurator: Pick<Configurator, 'removeDiscs'>;
  readonly log: Log;
  readonly clock: Clock;
  readonly watch: (vmId: string) => void;
  /** Tries again by itself when it fails. */
  readonly collect: (vmId: string) => Promise<unknown>;
}

/** Milliseconds in which the agent of an adopted machine must answer. */
const ADOPTION_DEADLINE_MS = 30_000;
/** The same for a machine that waits for room on the host's disk; Node's timers cannot be longer. */
const PATIENCE_MS = 2_147_483_647;

export async function recover(deps: RecoveryDeps): Promise<void> {
  const records = deps.registry.all();
  for (const record of records) deps.admission.count(record.vmId, needOf(record));
  const recovered = records.map((record) =>
    recoverOne(record, deps).catch((error) => {
      deps.log.error({ err: error, vmId: record.vmId, state: record.state }, 'a VM could not be recovered');
    }),
  );
  await Promise.all(recovered);
  // A plant that was killed between acquiring an image and recording the VM, or during a build, left a hold on the
  // image.
  const held = await deps.warehouse.references.releaseAllBut(new Set(deps.registry.all().map(({ vmId }) => vmId)));
  if (held > 0) deps.log.warn({ held }, 'images were held for machines that were never made');
}

async function recoverOne(record: VmRecord, deps: RecoveryDeps): Promise<void> {
  switch (record.state) {
    case 'planned':
    case 'cloning':
    case 'configuring':
      return undoCreation(record, deps);
    case 'starting':
      return undoStart(record, deps);
    case 'paused':
      return adoptPaused(record, deps);
    case 'running':
    case 'suspended':
    case 'stopped':
    case 'failed':
      return adopt(record, deps);
    case 'collecting':
    case 'destroyed':
      await adopt(record, deps);
      // A destruction DAG may take long; the plant opens meanwhile.
      deps.collect(record.vmId).catch((error) => {
        deps.log.error({ err: error, vmId: record.vmId }, 'a destruction could not be resumed');
      });
  }
}

async function undoCreation(
  record: VmRecord,
  { lines, registry, admission, warehouse, log }: RecoveryDeps,
): Promise<void> {
  await lines.get(record.line)?.kill(registry.directory(record.vmId)); // it may have started, unrecorded
  await warehouse.references.drop(record.imageId, record.vmId);
  await registry.remove(record.vmId);
  admission.release(record.vmId);
  log.warn({ vmId: record.vmId, requestId: record.requestId }, 'a creation that was in flight was undone');
}

/** Its guest answers when the disk has room, perhaps after days, so nobody waits for it. */
async function adoptPaused(record: VmRecord, deps: RecoveryDeps): Promise<void> {
  const { leases, log } = deps;
  const { vmId } = record;
  leases.watch(vmId, record);
  adopt(record, deps, PATIENCE_MS).catch((err) => log.error({ err, vmId }, 'a paused VM could not be recovered'));
}

/** The machine may be up or not; a client that asks for the start again gets it booted anew. */
async function undoStart(record: VmRecord, { lines, registry, leases }: RecoveryDeps): Promise<void> {
  const { vmId } = record;
  await lines.get(record.line)?.kill(registry.directory(vmId));
  const failure = new GridError('GUEST_LOST', `the plant ended while it started ${vmId}`, { vmId }).toBody();
  leases.watch(vmId, await registry.update(vmId, (one) => moveTo(one, 'failed', { failure })));
}

/** The state in which a machine was found. */
type Found =
  | { readonly kind: 'living'; readonly living: LivingMachine; readonly access?: GuestAccess }
  | { readonly kind: 'suspended' }
  | { readonly kind: 'lost'; readonly reason: GridError };

async function adopt(record: VmRecord, deps: RecoveryDeps, withinMs = ADOPTION_DEADLINE_MS): Promise<void> {
  // the killed plant's last run left its disc
  await deps.configurator.removeDiscs(deps.registry.directory(record.vmId));
  const { vmId, state } = record;
  const found = await takeOver(record, deps, withinMs);
  if (found.kind === 'living') deps.living.add(vmId, found.living);
  if (state === 'collecting' || state === 'destroyed') return;
  deps.leases.watch(vmId, record);
  if (state !== 'failed' && state !== 'stopped') await settle(record, found, deps);
  if (found.kind === 'living') deps.watch(vmId);
}

/** Records how a running or suspended VM was found: the plant may have been killed during a change. */
async function settle(record: VmRecord, found: Found, { registry, admission, log }: RecoveryDeps): Promise<void> {
  const { vmId, state } = record;
  switch (found.kind) {
    case 'living': {
      const { living, access } = found;
      const changes = { machineState: living.machine.state, ...access };
      const running = (one: VmRecord) =>
        state === 'running' ? { ...one, ...changes } : moveTo(healthy(one), 'running', changes);
      admission.count(vmId, needOf(await registry.update(vmId, running)));
      return;
    }
    case 'suspended':
      if (state === 'suspended') return;
      admission.count(
        vmId,
        needOf(await registry.update(vmId, (one) => moveTo(healthy(withoutAccess(one)), 'suspended'))),
      );
      return;
    case 'lost':
      await registry.update(vmId, (one) => moveTo(one, 'failed', { failure: found.reason.toBody() }));
      log.warn({ vmId, code: found.reason.code }, found.reason.message);
  }
}

/** A machine that runs without answering ends together with its VM. */
async function takeOver(record: VmRecord, deps: RecoveryDeps, withinMs: number): Promise<Found> {
  const { vmId } = record;
  const silent = late('GUEST_UNREACHABLE', 'its agent did not answer', { vmId });
  const limit = { ms: withinMs, clock: deps.clock, late: silent };
  try {
    return await within(limit, (until) => find(record, deps, until));
  } catch (cause) {
    const { message, details } = GridError.from(cause);
    const told = `the machine of ${vmId} runs but could not be taken over: ${message}`;
    return { kind: 'lost', reason: new GridError('GUEST_UNREACHABLE', told, { vmId, ...details }, { cause }) };
  }
}

async function find(record: VmRecord, { lines, clock }: RecoveryDeps, signal: AbortSignal): Promise<Found> {
  const { vmId, machineState, line } = record;
  const found = machineState && (await lines.get(line)?.adopt(machineState, signal));
  switch (found?.kind) {
    case 'running':
      return takeHold({ machine: found.machine, state: record.state }, clock, signal);
    case 'suspended':
      return found;
    default:
      return {
        kind: 'lost',
        reason: new GridError('GUEST_LOST', 'the machine ended while the plant was away', { vmId }),
      };
  }
}

/** The network of a VM that failed before it had its own identity stays closed. */
async function takeHold(
  { machine, state }: { readonly machine: Machine; readonly state: VmRecord['state'] },
  clock: Pick<Clock, 'now'>,
  signal: AbortSignal,
): Promise<Found> {
  try {
    if (state !== 'running' && state !== 'suspended' && state !== 'paused') {
      return { kind: 'living', living: { machine, guest: await machine.guest(signal) } };
    }
    const { guest, access } = await resumeMachine(machine, clock, signal);
    return { kind: 'living', living: { machine, guest }, access };
  } catch (error) {
    machine.detach();
    throw error;
  }
}
