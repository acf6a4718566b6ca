/**
 * The VMCollector of the paper: takes a VM away. Runs its destruction DAG, ends the machine, frees what it had and
 * keeps its final classad. Idempotent, and resumed after a crash of the plant: each step may find its work done
 * already. A full disk does not keep it from its work, which makes room.
 */
import type { Admission } from '@vmgrid/bidding';
import { type Clock, InFlight, type Log, within } from '@vmgrid/daemon';
import { linearExtension } from '@vmgrid/dag';
import type { ProductionLine } from '@vmgrid/lines';
import {
  adToJson,
  type ClassAdJson,
  exhaustionOf,
  GridError,
  type LineName,
  late,
  type RequestKey,
} from '@vmgrid/protocol';
import type { ImageHolds } from '@vmgrid/warehouse';
import type { Attributes } from '../configuration/attributes.ts';
import { ActionsFailed, type Configuration } from '../configuration/configuration.ts';
import { configurationChanges } from '../configuration/configuration-changes.ts';
import type { ConfigurationJob, Configurator } from '../configuration/configurator.ts';
import { longestMs } from '../configuration/time-limits.ts';
import { type HostClock, leaseFor } from '../leases/lease-clock.ts';
import type { Leases } from '../leases/leases.ts';
import type { DestroyedVms } from '../vms/destroyed-vms.ts';
import type { LivingMachines } from '../vms/living-machines.ts';
import { Phases, type ReportProgress } from '../vms/phases.ts';
import { describeVm, vmAd } from '../vms/reporter.ts';
import { moveTo, type VmRecord } from '../vms/vm.ts';
import type { VmGate } from '../vms/vm-gate.ts';
import type { VmRegistry } from '../vms/vm-registry.ts';

export interface CollectorDeps {
  readonly lines: ReadonlyMap<LineName, ProductionLine>;
  readonly configurator: Configurator;
  readonly warehouse: ImageHolds;
  readonly registry: VmRegistry;
  readonly admission: Admission;
  readonly living: LivingMachines;
  readonly leases: Pick<Leases, 'watch' | 'forget'>;
  readonly hostClock: HostClock;
  readonly destroyedVms: DestroyedVms;
  readonly report: ReportProgress;
  readonly log: Log;
  readonly clock: Clock;
  readonly gate: VmGate;
  /** Wakes a suspended VM, boots a stopped one. */
  readonly wake: (record: VmRecord, request: RequestKey) => Promise<unknown>;
}

const STOP_DEADLINE_MS = 10_000;
/** After a collection that failed. */
export const COLLECT_AGAIN_MS = 60_000;

export class Collector {
  readonly #deps: CollectorDeps;
  readonly #plantId: string;
  readonly #inFlight = new InFlight();

  constructor(deps: CollectorDeps, { plantId }: { readonly plantId: string }) {
    this.#deps = deps;
    this.#plantId = plantId;
  }

  /** Resolves with the final classad, also of a VM that was destroyed before. @throws GridError VM_UNKNOWN */
  async collect(vmId: string, request: RequestKey): Promise<ClassAdJson> {
    const ad = this.#deps.destroyedVms.byVm(vmId);
    if (ad && !this.#deps.registry.find(vmId)) return ad;
    return this.#inFlight.join(vmId, () => this.#collectOrTryAgain(vmId, request));
  }

  /** A VM that could not be taken away is half gone: it is tried again, whoever asked. */
  async #collectOrTryAgain(vmId: string, request: RequestKey): Promise<ClassAdJson> {
    const { registry, leases, hostClock } = this.#deps;
    try {
      return await this.#collect(vmId, request);
    } catch (error) {
      if (registry.find(vmId)) leases.watch(vmId, leaseFor(COLLECT_AGAIN_MS, hostClock));
      throw error;
    }
  }

  async #collect(vmId: string, request: RequestKey): Promise<ClassAdJson> {
    const { registry, leases, gate } = this.#deps;
    const phases = new Phases(this.#deps.clock, request, this.#deps.report);
    // the plant was killed as it forgot the VM
    if (registry.get(vmId).state === 'destroyed') return this.#forget(vmId, phases);
    leases.forget(vmId);
    await gate.clear(vmId, new GridError('CANCELLED', `${vmId} is being destroyed`, { vmId }));
    await this.#wakeForDestruction(vmId, request);
    if (registry.get(vmId).state !== 'collecting')
      await this.#ifRoom(vmId, () => registry.update(vmId, (record) => moveTo(record, 'collecting')));
    await this.#runDestruction(vmId, phases).catch((error) => this.#noteFailure(vmId, error));
    await phases.time('teardown', () => this.#endMachine(vmId));
    return this.#forget(vmId, phases);
  }

  /** The destruction DAG needs a machine. Without it, or where there is no memory for it now, the VM just goes. */
  async #wakeForDestruction(vmId: string, request: RequestKey): Promise<void> {
    const { registry, wake, log } = this.#deps;
    const record = registry.get(vmId);
    if (record.destruction === undefined || (record.state !== 'suspended' && record.state !== 'stopped')) return;
    await wake(record, request).catch((error) => {
      const { code, message } = GridError.from(error);
      log.warn({ vmId, code, reason: message }, 'a VM could not be woken for its destruction DAG');
    });
  }

  /**
   * @throws GridError ACTION_FAILED …, also when what failed lets the rest go on; GUEST_LOST when there is no machine
   * for it
   */
  async #runDestruction(vmId: string, phases: Phases): Promise<void> {
    const { registry, living } = this.#deps;
    const { destruction } = registry.get(vmId);
    if (!destruction) return;
    const job = { ...living.get(vmId), phases, actions: linearExtension(destruction) };
    await phases.time('destruction', () => this.#configure(vmId, job));
  }

  /** The VM goes all the same; its final classad, which is the reply, and its last event say what failed. */
  async #noteFailure(vmId: string, error: unknown): Promise<void> {
    const { registry, log } = this.#deps;
    const { code, message, details } = GridError.from(error);
    const destructionFailure = new GridError(code, `the destruction DAG failed: ${message}`, details).toBody();
    const before = error instanceof ActionsFailed ? error.before : undefined;
    log.warn({ vmId, code, reason: message }, 'the destruction DAG failed; the VM goes all the same');
    await this.#ifRoom(vmId, () =>
      registry.update(vmId, (one) => ({ ...destructed(one, before), destructionFailure })),
    );
  }

  async #configure(vmId: string, job: Omit<ConfigurationJob, 'directory' | 'describe'>): Promise<void> {
    const { registry, configurator, clock } = this.#deps;
    const describe = (told: Attributes) => describeVm(registry.get(vmId), this.#plantId, told);
    const endless = late('ACTION_TIMEOUT', `the destruction DAG of ${vmId} did not end`, { vmId });
    const configuration = await within({ ms: longestMs(job.actions), clock, late: endless }, (until) =>
      configurator.configure({ ...job, directory: registry.directory(vmId), describe }, until),
    );
    await this.#ifRoom(vmId, () => registry.update(vmId, (record) => destructed(record, configuration)));
    const { failedActions } = configuration;
    if (failedActions.length === 0) return;
    throw new GridError('ACTION_FAILED', `${failedActions.join(', ')} failed, and the rest went on`, { failedActions });
  }

  /** By the machine itself when it is known and can, else by its line, which finds it by its folder. */
  async #endMachine(vmId: string): Promise<void> {
    const { living, registry, lines, clock } = this.#deps;
    const { line } = registry.get(vmId);
    const machine = living.find(vmId)?.machine;
    const kill = () => lines.get(line)?.kill(registry.directory(vmId));
    const goesOn = late('VMM_FAILED', `the machine of ${vmId} did not end`, { vmId });
    const limit = { ms: STOP_DEADLINE_MS, clock, late: goesOn };
    if (machine) await within(limit, (until) => machine.stop(0, until)).catch(kill);
    else await kill();
    living.remove(vmId);
  }

  async #forget(vmId: string, phases: Phases): Promise<ClassAdJson> {
    const { registry, destroyedVms, warehouse, admission } = this.#deps;
    await this.#ifRoom(vmId, () =>
      registry.update(vmId, (before) => (before.state === 'destroyed' ? before : destroyed(before, phases))),
    );
    const record = registry.get(vmId);
    const ad = adToJson(vmAd(record, this.#plantId));
    const keepWords = async () => destroyedVms.add(vmId, record.requestId, ad);
    const wordsKept = await this.#ifRoom(vmId, keepWords);
    await warehouse.references.drop(record.imageId, vmId);
    await registry.remove(vmId);
    // no room, though its folder has gone
    if (!wordsKept && !(await this.#ifRoom(vmId, keepWords))) destroyedVms.forget(record.requestId);
    admission.release(vmId);
    return ad;
  }

  /** Writes something down unless the disk is full; false then. */
  async #ifRoom(vmId: string, write: () => Promise<unknown>): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (error) {
      if (exhaustionOf(error) === undefined) throw error;
      this.#deps.log.warn({ err: error, vmId }, 'the end of a VM could not be written down; it goes all the same');
      return false;
    }
  }

  /** Resolves when no collection is under way. */
  settled(): Promise<void> {
    return this.#inFlight.settled();
  }
}

/** The record after its destruction DAG, which is not run twice. */
function destructed({ destruction: _, ...record }: VmRecord, configuration: Configuration | undefined): VmRecord {
  return { ...record, ...(configuration && configurationChanges(record, configuration)) };
}

const destroyed = (record: VmRecord, { phasesMs }: Phases): VmRecord =>
  moveTo(record, 'destroyed', { phasesMs: { ...record.phasesMs, ...phasesMs } });
