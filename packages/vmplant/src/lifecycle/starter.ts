/**
 * Boots VMs whose machines have ended from their own disks: VMs that failed after they were ready (because the host
 * lost power or the hypervisor died), and VMs whose guest powered itself off. Name, keys and MAC address are on the
 * disk and in the record. Idempotent.
 */
import type { Admission } from '@vmgrid/bidding';
import { type Clock, type Log, within } from '@vmgrid/daemon';
import type { Machine } from '@vmgrid/lines';
import { GridError, late, type RequestKey } from '@vmgrid/protocol';
import type { LivingMachines } from '../vms/living-machines.ts';
import { Phases, type ReportProgress } from '../vms/phases.ts';
import { moveTo, type VmRecord } from '../vms/vm.ts';
import type { VmGate } from '../vms/vm-gate.ts';
import { lineOf, type OwnMachineDeps, startAgain } from './own-machine.ts';
import { resumeMachine } from './resume-machine.ts';
import { healthy, needOf, withoutAccess } from './suspension.ts';

export interface StarterDeps extends OwnMachineDeps {
  readonly admission: Admission;
  readonly living: LivingMachines;
  readonly gate: VmGate;
  readonly report: ReportProgress;
  readonly log: Log;
  readonly clock: Clock;
  /** Called when a machine has ended that nobody stopped. */
  readonly watch: (vmId: string) => void;
  /** Longest time from the machine's start until its guest is reached. */
  readonly bootDeadlineMs: number;
}

export class Starter {
  readonly #deps: StarterDeps;

  constructor(deps: StarterDeps) {
    this.#deps = deps;
  }

  /**
   * @throws GridError VM_UNKNOWN, VM_STATE, MEMORY_INSUFFICIENT, OWNER_MEMORY_LIMIT (the VM stays as it is);
   * VMM_FAILED, GUEST_UNREACHABLE, GUEST_LOST (the VM has failed; its disk is intact, and it can be started again)
   */
  async start(vmId: string, request: RequestKey, signal: AbortSignal): Promise<VmRecord> {
    const { registry, gate, clock, report } = this.#deps;
    const record = registry.get(vmId);
    if (record.state === 'running') return record;
    requireStartable(record);
    const phases = new Phases(clock, request, report);
    return gate.enter(vmId, signal, (ended) =>
      phases.time('start', async () => {
        this.#admit(record);
        return this.#start(vmId, ended).finally(() => this.#deps.admission.made(vmId));
      }),
    );
  }

  /**
   * Admits the VM in the tick in which that is decided, like a new machine. The resources that a failed VM still counts
   * are its own.
   */
  #admit(record: VmRecord): void {
    const { admission } = this.#deps;
    const { vmId, machine, owner } = record;
    admission.count(vmId, { ...machine, memoryMiB: 0, owner });
    try {
      admission.reserveMemory(vmId, { ...machine, owner });
    } catch (refusal) {
      admission.count(vmId, needOf(record));
      throw refusal;
    }
  }

  async #start(vmId: string, signal: AbortSignal): Promise<VmRecord> {
    const { registry, living, watch } = this.#deps;
    let machine: Machine | undefined;
    try {
      const record = await registry.update(vmId, (before) => moveTo(healthy(withoutAccess(before)), 'starting'));
      await this.#endTheOneBefore(record, signal);
      machine = await startAgain({ record, start: 'boot' }, this.#deps, signal);
      const { guest, access } = await this.#wake(vmId, machine, signal);
      const { state: machineState } = machine;
      const running = await registry.update(vmId, (one) => moveTo(one, 'running', { machineState, ...access }));
      living.add(vmId, { machine, guest });
      watch(vmId);
      return running;
    } catch (error) {
      await this.#fail(vmId, machine, error);
      throw error;
    }
  }

  /**
   * Ends whatever may still run, and removes what it left. A known machine cleans up after itself, and must finish that
   * first.
   */
  async #endTheOneBefore(record: VmRecord, signal: AbortSignal): Promise<void> {
    const { registry, living } = this.#deps;
    const { vmId } = record;
    await living.find(vmId)?.machine.stop(0, signal);
    living.remove(vmId);
    await lineOf(record, this.#deps).kill(registry.directory(vmId));
  }

  #wake(vmId: string, machine: Machine, signal: AbortSignal) {
    const { bootDeadlineMs: ms, clock } = this.#deps;
    const silent = late('GUEST_UNREACHABLE', `the guest of ${vmId}, which was started, did not answer`, { vmId });
    return within({ ms, clock, signal, late: silent }, (until) => resumeMachine(machine, clock, until));
  }

  async #fail(vmId: string, machine: Machine | undefined, error: unknown): Promise<void> {
    const { registry, log } = this.#deps;
    const failure = GridError.from(error).toBody();
    machine?.detach();
    try {
      await lineOf(registry.get(vmId), this.#deps).kill(registry.directory(vmId));
      await registry.update(vmId, (record) => moveTo(record, 'failed', { failure }));
    } catch (cause) {
      log.error({ err: cause, vmId }, 'a start that failed could not be undone');
    }
  }
}

function requireStartable({ vmId, state, readyAt }: VmRecord): void {
  const details = { vmId, state };
  if (state !== 'failed' && state !== 'stopped') {
    const message = `${vmId} is ${state}; it can be started while it is failed or stopped`;
    throw new GridError('VM_STATE', message, details);
  }
  if (readyAt !== undefined) return;
  throw new GridError(
    'VM_STATE',
    `${vmId} failed while it was made: it was never ready, and cannot be started`,
    details,
  );
}
