/** Makes a VM for a request: admission and plan, machine, configuration, record. A failure leaves nothing behind. */
import type { Admission } from '@vmgrid/bidding';
import type { Log } from '@vmgrid/daemon';
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
import type { ExecutablePlan } from '../bids/executable-plan.ts';
import type { PlantConfig } from '../config.ts';
import type { Attributes } from '../configuration/attributes.ts';
import { configurationChanges } from '../configuration/configuration-changes.ts';
import { type HostClock, leaseFor } from '../leases/lease-clock.ts';
import { grantLease } from '../leases/lease-policy.ts';
import type { Leases } from '../leases/leases.ts';
import type { CompletedCreation } from '../tending/recorded-request.ts';
import type { LivingMachines } from '../vms/living-machines.ts';
import { describeVm } from '../vms/reporter.ts';
import { moveTo, type VmRecord } from '../vms/vm.ts';
import type { VmRegistry } from '../vms/vm-registry.ts';
import { type Execution, type ExecutionDeps, executePlan } from './execute-plan.ts';
import { type DurationBook, learnFrom } from './learn.ts';
import { beginMaking, holdImage, type Making, type MakingDeps, type PlannedMaking, reserveRoom } from './making.ts';
import { takeBack } from './take-back.ts';

export interface CreatorDeps extends MakingDeps {
  readonly execution: ExecutionDeps;
  readonly warehouse: ImageHolds;
  readonly registry: VmRegistry;
  readonly admission: Admission;
  readonly living: LivingMachines;
  readonly leases: Leases;
  readonly hostClock: HostClock;
  readonly durations: DurationBook;
  readonly log: Log;
  /** Returns the best plan now. @throws GridError as a decline. */
  readonly plan: (request: Pick<CreateRequest, 'machine' | 'dag'>) => Promise<ExecutablePlan>;
  /** Called for each request that was carried out. */
  readonly record: (request: Identified<CreateRequest>, outcome: CompletedCreation) => void;
  /** Called to watch a machine, so that an end which nobody ordered is noticed. */
  readonly watch: (vmId: string) => void;
}

/**
 * Most attempts to plan a request: `images rm` may remove a plan's image before it is acquired, or the image may turn
 * out to be broken.
 */
const PLAN_ATTEMPTS = 3;
/** Errors with which a machine fails if its disk, memory or devices are damaged. */
const MAY_BE_THE_IMAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['VMM_FAILED', 'GUEST_UNREACHABLE']);

interface CreateMaking extends Making<Identified<CreateRequest>> {
  readonly leaseMs: number;
}

type PlannedCreate = CreateMaking & PlannedMaking<Identified<CreateRequest>, ExecutablePlan>;

export class Creator {
  readonly #deps: CreatorDeps;
  readonly #config: PlantConfig;
  readonly #examiner: ImageExaminer;

  constructor(deps: CreatorDeps, config: PlantConfig) {
    this.#deps = deps;
    this.#examiner = new ImageExaminer(deps.warehouse.inventory, deps.clock);
    this.#config = config;
  }

  /**
   * Resolves with the record of the running VM. An image that turns out to be broken is not used again, and the next
   * best is used instead.
   * @throws GridError; everything is undone unless `keepFailed` kept the machine
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
    const begun = { ...beginMaking(request, signal, this.#deps), leaseMs };
    try {
      const making = { ...begun, plan: await this.#admit(begun) };
      await this.#record(making);
      const execution = await this.#execute(making);
      const record = await this.#finish(making, execution);
      making.undo.commit();
      this.#learn(making, execution);
      return record;
    } catch (thrown) {
      throw await this.#giveUp(begun, thrown);
    }
  }

  /** Plans the machine, reserves its room, and holds the image. */
  async #admit(making: CreateMaking): Promise<ExecutablePlan> {
    const { admission, warehouse, plan: planFor } = this.#deps;
    const { request } = making;
    reserveRoom(making, { ...request.machine, owner: request.caller?.owner }, admission);
    for (let attempt = 1; ; attempt += 1) {
      const plan = await planFor(request);
      try {
        await holdImage(making, plan.image.manifest.id, warehouse.references);
        return plan;
      } catch (error) {
        if (attempt === PLAN_ATTEMPTS || !(error instanceof GridError) || error.code !== 'IMAGE_UNKNOWN') throw error;
      }
    }
  }

  async #record({ names, request, plan, leaseMs, undo }: PlannedCreate): Promise<void> {
    const { vmId, hostName, macAddress } = names;
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
  }

  async #execute(making: PlannedCreate): Promise<Execution> {
    const { registry, execution, admission } = this.#deps;
    const { vmId } = making.names;
    await registry.update(vmId, (record) => moveTo(record, 'cloning'));
    const job = {
      ...{ ...making, directory: registry.directory(vmId), machine: making.request.machine },
      purpose: 'clone' as const,
      describe: (told: Attributes) => describeVm(registry.get(vmId), this.#config.plantId, told),
      started: async (machineState: MachineState) => {
        await registry.update(vmId, (record) => moveTo(record, 'configuring', { machineState }));
      },
      opened: async ({ sshPort }: GuestAccess) => {
        admission.made(vmId);
        await registry.update(vmId, (record) => ({ ...record, sshPort }));
      },
    };
    return executePlan(job, execution);
  }

  /** The lease begins now: making the machine may have taken longer than the lease. */
  async #finish(
    { names: { vmId }, phases, leaseMs }: PlannedCreate,
    { machine, guest, configuration }: Execution,
  ): Promise<VmRecord> {
    const { registry, living, leases, watch, clock, hostClock } = this.#deps;
    const record = await registry.update(vmId, (record) =>
      moveTo(record, 'running', {
        ...configurationChanges(record, configuration),
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

  #learn(making: PlannedCreate, { configuration }: Execution): void {
    const { durations, clock, record } = this.#deps;
    const { request, plan, phases } = making;
    learnFrom(making, configuration, durations);
    record(request, { at: clock.now(), plan, phasesMs: phases.phasesMs, configuration });
  }

  /** Keeps the machine for inspection if the client asked for that and it is possible; otherwise undoes everything. */
  async #giveUp({ names: { vmId }, request, undo, signal }: CreateMaking, thrown: unknown): Promise<GridError> {
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

  /** Examines the image of a machine that did not start, before the failure is blamed on anything else. */
  async #blame(vmId: string, error: GridError, signal: AbortSignal): Promise<GridError> {
    const { registry, log } = this.#deps;
    const imageId = registry.find(vmId)?.imageId;
    if (imageId === undefined || signal.aborted || !MAY_BE_THE_IMAGE.has(error.code)) return error;
    const fault = await this.#examiner.examine(imageId, signal).catch((err) => {
      log.warn({ err, imageId }, 'the image of a machine that did not start could not be examined');
    });
    if (!fault) return error;
    const message = `the image ${fault.imageId} is broken: ${fault.file}: ${fault.reason}`;
    return new GridError('IMAGE_CORRUPT', message, { ...fault }, { cause: error });
  }

  /** Returns false when the failure itself cannot be recorded. */
  async #hold(vmId: string, error: GridError): Promise<boolean> {
    const { execution, registry, leases, admission, log } = this.#deps;
    try {
      const record = await registry.update(vmId, (record) => moveTo(record, 'failed', { failure: error.toBody() }));
      await execution.configurator.removeDiscs(registry.directory(vmId));
      leases.watch(vmId, record);
      admission.made(vmId);
      return true;
    } catch (cause) {
      log.error({ err: cause, vmId }, 'a failed VM could not be kept');
      return false;
    }
  }
}

/** Whether to try another image. It is not tried while the failed VM of the same request is kept. */
const mayBeMadeAnew = ({ code, details }: GridError): boolean =>
  code === 'IMAGE_CORRUPT' && details.keptVmId === undefined;

/** Removes the line, which belongs to the request; the record has the line that was used. */
function withoutLine({ line: _, ...machine }: MachineSpec): MachineSpec {
  return machine;
}
