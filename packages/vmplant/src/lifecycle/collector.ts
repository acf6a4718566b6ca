/**
 * The VMCollector of the paper: destroys a VM. It runs the destruction DAG, ends the machine, frees its resources and
 * keeps its final classad. It is idempotent, and resumed after a crash of the plant: each step may find its work
 * already done. It also works on a full disk, because it makes room.
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
import type { ConfigurationJob } from '../configuration/configuration-job.ts';
import type { Configurator } from '../configuration/configurator.ts';
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
  /** Resumes a suspended VM, boots a stopped one. */
  readonly wake: (record: VmRecord, request: RequestKey) => Promise<unknown>;
}

const STOP_DEADLINE_MS = 10_000;
/** Milliseconds until a failed collection is tried again. */
export const COLLECT_AGAIN_MS = 60_000;

export class Collector {
  readonly #deps: CollectorDeps;
  readonly #plantId: string;
  readonly #inFlight = new InFlight();

  constructor(deps: CollectorDeps, { plantId }: { readonly plantId: string }) {
    this.#deps = deps;
    this.#plantId = plantId;
  }

  /** Resolves with the final classad, also for a VM that was destroyed before. @throws GridError VM_UNKNOWN */
  async collect(vmId: string, request: RequestKey): Promise<ClassAdJson> {
    const ad = this.#deps.destroyedVms.byVm(vmId);
    if (ad && !this.#deps.registry.find(vmId)) return ad;
    return this.#inFlight.join(vmId, () => this.#collectOrTryAgain(vmId, request));
  }

  /** A VM whose destruction failed is half destroyed, so it is tried again, whoever asked for it. */
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
    // the plant was killed while it forgot the VM
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

  /** The destruction DAG needs a machine. If there is none, or no memory for it now, the VM is destroyed without it. */
  async #wakeForDestruction(vmId: string, request: RequestKey): Promise<void> {
    const { registry, wake, log } = this.#deps;
    const record = registry.get(vmId);
    if (record.destruction === undefined || (record.state !== 'suspended' && record.state !== 'stopped')) return;
    await wake(record, request).catch((error) => {
      const { code, message } = GridError.from(error);
      log.warn({ vmId, code, reason: message }, 'a VM could not be resumed for its destruction DAG');
    });
  }

  /**
   * @throws GridError ACTION_FAILED …, also after a failure that lets the others go on; GUEST_LOST when there is no
   * machine
   */
  async #runDestruction(vmId: string, phases: Phases): Promise<void> {
    const { registry, living } = this.#deps;
    const { destruction } = registry.get(vmId);
    if (!destruction) return;
    const job = { ...living.get(vmId), phases, actions: linearExtension(destruction) };
    await phases.time('destruction', () => this.#configure(vmId, job));
  }

  /**
   * The VM is destroyed all the same; the failure is in its final classad, which is the reply, and in its last event.
   */
  async #noteFailure(vmId: string, error: unknown): Promise<void> {
    const { registry, log } = this.#deps;
    const { code, message, details } = GridError.from(error);
    const destructionFailure = new GridError(code, `the destruction DAG failed: ${message}`, details).toBody();
    const before = error instanceof ActionsFailed ? error.before : undefined;
    log.warn({ vmId, code, reason: message }, 'the destruction DAG failed; the VM is destroyed all the same');
    await this.#ifRoom(vmId, () =>
      registry.update(vmId, (one) => ({ ...destructed(one, before), destructionFailure })),
    );
  }

  async #configure(vmId: string, job: Omit<ConfigurationJob, 'directory' | 'describe'>): Promise<void> {
    const { registry, configurator, clock } = this.#deps;
    const describe = (told: Attributes) => describeVm(registry.get(vmId), this.#plantId, told);
    const endless = late('ACTION_TIMEOUT', `the destruction DAG of ${vmId} did not end`, { vmId });
    const limit = { ms: configurator.longestMs(job.actions), clock, late: endless };
    const configuration = await within(limit, (until) =>
      configurator.configure({ ...job, directory: registry.directory(vmId), describe }, until),
    );
    await this.#ifRoom(vmId, () => registry.update(vmId, (record) => destructed(record, configuration)));
    const { failedActions } = configuration;
    if (failedActions.length === 0) return;
    throw new GridError('ACTION_FAILED', `${failedActions.join(', ')} failed; the other actions were run`, {
      failedActions,
    });
  }

  /** Ends the machine by itself if it is known and answers; otherwise its line finds it by its folder. */
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
    // still no room, although its folder is gone
    if (!wordsKept && !(await this.#ifRoom(vmId, keepWords))) destroyedVms.forget(record.requestId);
    admission.release(vmId);
    return ad;
  }

  /** Records something unless the disk is full; returns false then. */
  async #ifRoom(vmId: string, write: () => Promise<unknown>): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (error) {
      if (exhaustionOf(error) === undefined) throw error;
      this.#deps.log.warn({ err: error, vmId }, 'the end of a VM could not be recorded; it is destroyed all the same');
      return false;
    }
  }

  /** Resolves when no collection is in progress. */
  settled(): Promise<void> {
    return this.#inFlight.settled();
  }
}

/** Returns the record after its destruction DAG, so that the DAG is not run twice. */
function destructed({ destruction: _, ...record }: VmRecord, configuration: Configuration | undefined): VmRecord {
  return { ...record, ...(configuration && configurationChanges(record, configuration)) };
}

const destroyed = (record: VmRecord, { phasesMs }: Phases): VmRecord =>
  moveTo(record, 'destroyed', { phasesMs: { ...record.phasesMs, ...phasesMs } });
