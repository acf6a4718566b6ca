/** Makes a VM of a request: admission and plan, machine, configuration, record. A failure leaves nothing behind. */
import type { Admission } from '@vmgrid/bidding';
import { type Clock, type Log, UndoStack } from '@vmgrid/daemon';
import { uploadsIn } from '@vmgrid/dag';
import type { GuestAccess, MachineState } from '@vmgrid/lines';
import {
  type CreateRequest,
  type ErrorCode,
  GridError,
  type Identified,
  type MachineSpec,
  requestKey,
} from '@vmgrid/protocol';
import type { ImageHolds } from '@vmgrid/warehouse';
import { ImageExaminer } from '@vmgrid/warehouse';
import type { WarehousePlan } from '../bids/bid-service.ts';
import type { PlantConfig } from '../config.ts';
import { type Attributes, mergeAttributes } from '../configuration/attributes.ts';
import type { Configuration } from '../configuration/configuration.ts';
import type { UploadedFiles } from '../files/uploaded-files.ts';
import { type HostClock, leaseFor } from '../leases/lease-clock.ts';
import { grantLease } from '../leases/lease-policy.ts';
import type { Leases } from '../leases/leases.ts';
import type { Making } from '../tending/recorded-request.ts';
import type { VmNames } from '../vms/identity.ts';
import type { LivingMachines } from '../vms/living-machines.ts';
import { Phases, type ReportProgress } from '../vms/phases.ts';
import { describeVm } from '../vms/reporter.ts';
import { moveTo, type VmRecord } from '../vms/vm.ts';
import type { VmRegistry } from '../vms/vm-registry.ts';
import { type Execution, type ExecutionDeps, executePlan } from './execute-plan.ts';
import { type DurationBook, learnFrom } from './learn.ts';
import { takeBack } from './take-back.ts';

export interface CreatorDeps {
  readonly execution: ExecutionDeps;
  readonly warehouse: ImageHolds;
  readonly registry: VmRegistry;
  readonly uploads: Pick<UploadedFiles, 'keep'>;
  readonly admission: Admission;
  readonly living: LivingMachines;
  readonly leases: Leases;
  readonly hostClock: HostClock;
  readonly durations: DurationBook;
  readonly report: ReportProgress;
  readonly log: Log;
  readonly clock: Clock;
  readonly nameVm: () => VmNames;
  /** The best plan now. @throws GridError as a decline. */
  readonly plan: (request: Pick<CreateRequest, 'machine' | 'dag'>) => Promise<WarehousePlan>;
  /** Told of each request that was carried out. */
  readonly record: (request: Identified<CreateRequest>, making: Making) => void;
  /** Told when a machine ended that nobody stopped. */
  readonly watch: (vmId: string) => void;
}

/**
 * A plan may lose its image to `images rm` before it is acquired, or the image turn out to be broken; then it is made
 * again, this often at most.
 */
const PLAN_ATTEMPTS = 3;
/** How a machine fails whose disk, memory or devices are not what they were. */
const MAY_BE_THE_IMAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['VMM_FAILED', 'GUEST_UNREACHABLE']);

export class Creator {
  readonly #deps: CreatorDeps;
  readonly #config: PlantConfig;
  readonly #examiner: ImageExaminer;

  constructor(deps: CreatorDeps, config: PlantConfig) {
    this.#deps = deps;
    this.#examiner = new ImageExaminer(deps.warehouse, deps.clock);
    this.#config = config;
  }

  /**
   * Resolves with the record of the running VM. An image that turns out to be broken is not used again: the next best
   * serves then.
   * @throws GridError, with everything undone unless `keepFailed` held it.
   */
  async create(request: Identified<CreateRequest>, signal: AbortSignal): Promise<VmRecord> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#create(request, signal);
      } catch (error) {
        if (attempt === PLAN_ATTEMPTS || !(error instanceof GridError) || !mayBeMadeAnew(error)) throw error;
        this.#deps.log.error({ err: error, requestId: request.requestId }, 'an image is broken and not used again');
      }
    }
  }

  async #create(request: Identified<CreateRequest>, signal: AbortSignal): Promise<VmRecord> {
    const leaseMs = grantLease(request.lease, this.#config.lease);
    const names = this.#deps.nameVm();
    const phases = new Phases(this.#deps.clock, requestKey(request), this.#deps.report);
    const undo = new UndoStack();
    try {
      const plan = await this.#admit(names.vmId, request, undo);
      await this.#record(names, request, plan, leaseMs, undo);
      const execution = await this.#execute(names, request, plan, phases, undo, signal);
      const record = await this.#finish(names.vmId, execution, phases, leaseMs);
      undo.commit();
      const { configuration } = execution;
      learnFrom(this.#deps.durations, plan, phases, configuration);
      this.#deps.record(request, { at: this.#deps.clock.now(), plan, phasesMs: phases.phasesMs, configuration });
      return record;
    } catch (thrown) {
      throw await this.#giveUp(names.vmId, request, thrown, undo, signal);
    }
  }

  /** Plan, room, and a hold on the image. */
  async #admit(
    vmId: string,
    request: Pick<Identified<CreateRequest>, 'machine' | 'dag' | 'caller'>,
    undo: UndoStack,
  ): Promise<WarehousePlan> {
    const { admission, warehouse } = this.#deps;
    admission.reserve(vmId, { ...request.machine, owner: request.caller?.owner });
    undo.push('admission', () => admission.release(vmId));
    for (let attempt = 1; ; attempt += 1) {
      const plan = await this.#deps.plan(request);
      const imageId = plan.image.manifest.id;
      try {
        await warehouse.acquire(imageId, vmId);
        undo.push('image reference', () => warehouse.references.drop(imageId, vmId));
        return plan;
      } catch (error) {
        if (attempt === PLAN_ATTEMPTS || !(error instanceof GridError) || error.code !== 'IMAGE_UNKNOWN') throw error;
      }
    }
  }

  async #record(
    { vmId, hostName, macAddress }: VmNames,
    request: Identified<CreateRequest>,
    plan: WarehousePlan,
    leaseMs: number,
    undo: UndoStack,
  ): Promise<void> {
    const now = this.#deps.clock.now();
    undo.push('record and folder', () => this.#deps.registry.remove(vmId));
    await this.#deps.registry.add({
      vmId,
      ...requestKey(request),
      state: 'planned',
      machine: withoutLine(request.machine),
      line: plan.line,
      imageId: plan.image.manifest.id,
      start: plan.start,
      createdAt: new Date(now).toISOString(),
      ...leaseFor(leaseMs, this.#deps.hostClock),
      ...(request.atLeaseEnd === undefined ? {} : { atLeaseEnd: request.atLeaseEnd }),
      hostName,
      macAddress,
      history: plan.image.manifest.history,
      actionsCached: plan.cached.length,
      actionsRun: 0,
      failedActions: [],
      secret: false,
      attributes: {},
      phasesMs: {},
      ...(request.destruction === undefined ? {} : { destruction: request.destruction }),
    });
    const atTheEnd = uploadsIn(request.destruction);
    if (atTheEnd.length > 0) await this.#deps.uploads.keep(atTheEnd, this.#deps.registry.directory(vmId));
  }

  async #execute(
    names: VmNames,
    request: Identified<CreateRequest>,
    plan: WarehousePlan,
    phases: Phases,
    undo: UndoStack,
    signal: AbortSignal,
  ): Promise<Execution> {
    const { registry, execution, admission } = this.#deps;
    const { vmId } = names;
    await registry.update(vmId, (record) => moveTo(record, 'cloning'));
    const job = {
      ...{ names, phases, directory: registry.directory(vmId), machine: request.machine, purpose: 'clone' as const },
      ...{ image: plan.image, line: plan.line, start: plan.start, actions: plan.remaining },
      describe: (told: Attributes) => describeVm(registry.get(vmId), this.#config.plantId, told),
      started: async (machineState: MachineState) => {
        await registry.update(vmId, (record) => moveTo(record, 'configuring', { machineState }));
      },
      opened: async ({ sshPort }: GuestAccess) => {
        admission.made(vmId);
        await registry.update(vmId, (record) => ({ ...record, sshPort }));
      },
    };
    return executePlan(job, execution, undo, signal);
  }

  /** Its lease counts from now: making it may have taken longer than that. */
  async #finish(
    vmId: string,
    { machine, guest, configuration }: Execution,
    phases: Phases,
    leaseMs: number,
  ): Promise<VmRecord> {
    const { registry, living, leases, watch, clock, hostClock } = this.#deps;
    const record = await registry.update(vmId, (record) =>
      moveTo(record, 'running', {
        ...configured(record, configuration),
        phasesMs: phases.phasesMs,
        readyAt: new Date(clock.now()).toISOString(),
        ...leaseFor(leaseMs, hostClock),
      }),
    );
    living.add(vmId, { machine, guest });
    leases.watch(vmId, record);
    watch(vmId);
    return record;
  }

  /** Holds the machine for inspection when the client asked for that and it can be, else undoes everything. */
  async #giveUp(
    vmId: string,
    request: Identified<CreateRequest>,
    thrown: unknown,
    undo: UndoStack,
    signal: AbortSignal,
  ): Promise<GridError> {
    const { registry, log } = this.#deps;
    const error = await this.#blame(vmId, GridError.from(thrown), signal);
    if (error.code === 'INTERNAL') log.error({ err: thrown, vmId, requestId: request.requestId }, 'creation failed');
    const holds = request.keepFailed && !signal.aborted && registry.find(vmId)?.state === 'configuring';
    if (holds && (await this.#hold(vmId, error))) {
      undo.commit();
      return new GridError(error.code, error.message, { ...error.details, keptVmId: vmId }, { cause: thrown });
    }
    await takeBack(undo, log, { vmId });
    return error;
  }

  /**
   * A machine may not have started because of what is in its image: that is looked at before somebody else is blamed.
   */
  async #blame(vmId: string, error: GridError, signal: AbortSignal): Promise<GridError> {
    const { registry, log } = this.#deps;
    const imageId = registry.find(vmId)?.imageId;
    if (imageId === undefined || signal.aborted || !MAY_BE_THE_IMAGE.has(error.code)) return error;
    const fault = await this.#examiner.examine(imageId, signal).catch((err) => {
      log.warn({ err, imageId }, 'the image of a machine that did not start could not be looked at');
    });
    if (!fault) return error;
    const message = `the image ${fault.imageId} is broken: ${fault.file}: ${fault.reason}`;
    return new GridError('IMAGE_CORRUPT', message, { ...fault }, { cause: error });
  }

  /** False when the failure cannot even be recorded. */
  async #hold(vmId: string, error: GridError): Promise<boolean> {
    const { execution, registry, leases, admission, log } = this.#deps;
    try {
      const record = await registry.update(vmId, (record) => moveTo(record, 'failed', { failure: error.toBody() }));
      await execution.configurator.removeDiscs(registry.directory(vmId));
      leases.watch(vmId, record);
      admission.made(vmId);
      return true;
    } catch (cause) {
      log.error({ err: cause, vmId }, 'a failed VM could not be held');
      return false;
    }
  }
}

/** Of another image; not beside the failed VM of the same request, where that is held. */
const mayBeMadeAnew = ({ code, details }: GridError): boolean =>
  code === 'IMAGE_CORRUPT' && details.keptVmId === undefined;

/** The line that was asked for is the request's matter; the one that was taken is in the record. */
function withoutLine({ line: _, ...machine }: MachineSpec): MachineSpec {
  return machine;
}

/** The fields of a record that a configuration changes. */
export function configured(record: VmRecord, configuration: Configuration): Partial<VmRecord> {
  return {
    history: [...record.history, ...configuration.history],
    actionsRun: record.actionsRun + configuration.history.length,
    failedActions: [...record.failedActions, ...configuration.failedActions],
    attributes: mergeAttributes(record.attributes, configuration.attributes),
    secret: record.secret || configuration.secret,
  };
}
