/**
 * Suspends running VMs and resumes them. A suspended VM keeps its disk and its place among the plant's VMs. Others may
 * use its memory meanwhile, so a resume needs a new admission for the memory. Both are idempotent.
 */
import type { Admission } from '@vmgrid/bidding';
import { type Clock, type Deadline, type Log, within } from '@vmgrid/daemon';
import type { Machine } from '@vmgrid/lines';
import { GridError, late, type RequestKey } from '@vmgrid/protocol';
import type { LivingMachines } from '../vms/living-machines.ts';
import { Phases, type ReportProgress } from '../vms/phases.ts';
import { moveTo, type VmRecord } from '../vms/vm.ts';
import type { VmGate } from '../vms/vm-gate.ts';
import { type OwnMachineDeps, startAgain } from './own-machine.ts';
import { resumeMachine } from './resume-machine.ts';
import { healthy, needOf, withoutAccess } from './suspension.ts';

export interface SuspenderDeps extends OwnMachineDeps {
  readonly admission: Admission;
  readonly living: LivingMachines;
  readonly gate: VmGate;
  readonly report: ReportProgress;
  readonly log: Log;
  readonly clock: Clock;
  /** Called when a machine has ended that nobody stopped. */
  readonly watch: (vmId: string) => void;
}

const SUSPEND_DEADLINE_MS = 300_000;
const RESUME_DEADLINE_MS = 300_000;
/** Milliseconds for the guest of a resumed machine to answer. */
const WAKE_DEADLINE_MS = 30_000;

export class Suspender {
  readonly #deps: SuspenderDeps;

  constructor(deps: SuspenderDeps) {
    this.#deps = deps;
  }

  /**
   * @throws GridError VM_UNKNOWN, VM_STATE, LINE_CANNOT_SUSPEND, VMM_FAILED (the VM runs on), GUEST_LOST (it does not)
   */
  async suspend(vmId: string, request: RequestKey, signal: AbortSignal): Promise<VmRecord> {
    const { registry, gate } = this.#deps;
    const record = registry.get(vmId);
    if (record.state === 'suspended') return record;
    requireState(record, 'running', 'suspended');
    const phases = new Phases(this.#deps.clock, request, this.#deps.report);
    const limit = { ms: SUSPEND_DEADLINE_MS, late: late('VMM_FAILED', `${vmId} could not be suspended`, { vmId }) };
    return gate.enter(vmId, signal, (ended) =>
      phases.time('suspend', () => this.#within(ended, limit, (until) => this.#suspend(vmId, until))),
    );
  }

  /**
   * @throws GridError VM_UNKNOWN, VM_STATE, MEMORY_INSUFFICIENT, OWNER_MEMORY_LIMIT, VMM_FAILED; the VM stays suspended
   * unless it is lost
   */
  async resume(vmId: string, request: RequestKey, signal: AbortSignal): Promise<VmRecord> {
    const { registry, gate } = this.#deps;
    const record = registry.get(vmId);
    if (record.state === 'running') return record;
    requireState(record, 'suspended', 'resumed');
    const phases = new Phases(this.#deps.clock, request, this.#deps.report);
    const limit = { ms: RESUME_DEADLINE_MS, late: late('VMM_FAILED', `${vmId} could not be resumed`, { vmId }) };
    return gate.enter(vmId, signal, (ended) =>
      phases.time('resume', () => this.#within(ended, limit, (until) => this.#resume(vmId, until))),
    );
  }

  async #suspend(vmId: string, signal: AbortSignal): Promise<VmRecord> {
    const { registry, living, admission } = this.#deps;
    const { machine } = living.get(vmId);
    try {
      await machine.suspend(signal);
    } catch (error) {
      await this.#reopen(vmId, machine);
      throw error;
    }
    living.remove(vmId);
    try {
      return await registry.update(vmId, (before) => {
        // Its process may have ended before it was asked to. Then the VM is known to have failed.
        if (before.state !== 'running' && before.state !== 'paused') throw lostAmid(before);
        return moveTo(healthy(withoutAccess(before)), 'suspended');
      });
    } finally {
      admission.count(vmId, needOf(registry.get(vmId))); // so it is, written or not
    }
  }

  /** After a failed suspension the machine runs without its network. */
  async #reopen(vmId: string, machine: Machine): Promise<void> {
    const { registry, log } = this.#deps;
    try {
      const { sshPort } = await this.#within(undefined, awake(vmId), (until) => machine.openNetwork(until));
      await registry.update(vmId, (record) => ({ ...record, sshPort }));
    } catch (error) {
      log.error({ err: error, vmId }, 'the network of a VM that could not be suspended stays closed');
    }
  }

  async #resume(vmId: string, signal: AbortSignal): Promise<VmRecord> {
    const { registry, living, watch, clock, admission } = this.#deps;
    const { machine: need, owner } = registry.get(vmId);
    admission.reserveMemory(vmId, { ...need, owner }); // in the tick in which it is decided, as for a new machine
    let machine: Machine;
    try {
      machine = await startAgain({ record: registry.get(vmId), start: 'resume' }, this.#deps, signal);
    } catch (error) {
      await this.#settle(vmId, error);
      throw error;
    } finally {
      admission.made(vmId);
    }
    const { state: machineState } = machine;
    await this.#note(vmId, (record) => moveTo(record, 'running', { machineState }));
    const woken = this.#within(signal, awake(vmId), (until) => resumeMachine(machine, clock, until));
    const { guest, access } = await woken.catch(async (error) => {
      await this.#fail(vmId, machine, error);
      throw error;
    });
    living.add(vmId, { machine, guest });
    watch(vmId);
    return registry.update(vmId, (record) => ({ ...record, sshPort: access.sshPort }));
  }

  /** After a failed start, the line tells whether there is still something to resume. */
  async #settle(vmId: string, error: unknown): Promise<void> {
    const { lines, registry, admission } = this.#deps;
    const record = registry.get(vmId);
    const line = lines.get(record.line);
    const looked = this.#within(undefined, awake(vmId), async (until) => line?.adopt(record.machineState ?? {}, until));
    const found = await looked.catch(() => undefined);
    if (found?.kind === 'gone') {
      await this.#note(vmId, (before) => moveTo(before, 'failed', { failure: GridError.from(error).toBody() }));
    } else {
      admission.count(vmId, needOf(record));
    }
  }

  #within<T>(signal: AbortSignal | undefined, limit: Deadline, work: (until: AbortSignal) => Promise<T>): Promise<T> {
    return within({ ...limit, signal, clock: this.#deps.clock }, work);
  }

  async #fail(vmId: string, machine: Machine, error: unknown): Promise<void> {
    const failure = GridError.from(error).toBody();
    machine.detach();
    await this.#note(vmId, (record) => moveTo(record, 'failed', { failure }));
  }

  /** A fact whether it can be written now or not: the registry writes it when it can write again. */
  async #note(vmId: string, change: (record: VmRecord) => VmRecord): Promise<void> {
    const { registry, log } = this.#deps;
    await registry.update(vmId, change).catch((error) => {
      log.error({ err: error, vmId }, 'the record of a VM could not be written');
    });
  }
}

const awake = (vmId: string): Deadline => ({
  ms: WAKE_DEADLINE_MS,
  late: late('GUEST_UNREACHABLE', `the guest of ${vmId} did not answer after its resume`, { vmId }),
});

function lostAmid({ vmId, state }: VmRecord): GridError {
  return new GridError('GUEST_LOST', `${vmId} became ${state} while it was being suspended`, { vmId, state });
}

function requireState({ vmId, state }: VmRecord, wanted: VmRecord['state'], verb: string): void {
  if (state === wanted) return;
  throw new GridError('VM_STATE', `${vmId} is ${state}; it can be ${verb} while it is ${wanted}`, { vmId, state });
}
