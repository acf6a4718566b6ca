/** `configure`: runs more actions on a living VM, or completes the whole configuration that it shall have. */

import { hostActionNames } from '@vmgrid/bidding';
import type { Clock } from '@vmgrid/daemon';
import { type Action, linearExtension, matchHistory, prepareDag } from '@vmgrid/dag';
import type { GuestAccess } from '@vmgrid/lines';
import { type ConfigureRequest, GridError, type Identified, requestKey } from '@vmgrid/protocol';
import type { LivingMachines } from '../vms/living-machines.ts';
import { Phases, type ReportProgress } from '../vms/phases.ts';
import { describeVm } from '../vms/reporter.ts';
import type { ConfigureOutcome, VmRecord } from '../vms/vm.ts';
import type { VmGate } from '../vms/vm-gate.ts';
import type { VmRegistry } from '../vms/vm-registry.ts';
import type { Attributes } from './attributes.ts';
import { ActionsFailed, type Configuration } from './configuration.ts';
import { configurationChanges } from './configuration-changes.ts';
import type { Configurator } from './configurator.ts';
import type { HostActions } from './host-actions.ts';

/** Requests remembered for each VM. An older one that is repeated is run again. */
const CONFIGURE_OUTCOMES_KEPT = 64;

export interface ReconfiguratorDeps {
  readonly configurator: Configurator;
  readonly hostActions: Pick<HostActions, 'requireAll'>;
  readonly registry: VmRegistry;
  readonly living: LivingMachines;
  readonly report: ReportProgress;
  readonly gate: VmGate;
  readonly clock: Clock;
}

export class Reconfigurator {
  readonly #deps: ReconfiguratorDeps;
  readonly #plantId: string;

  constructor(deps: ReconfiguratorDeps, { plantId }: { readonly plantId: string }) {
    this.#deps = deps;
    this.#plantId = plantId;
  }

  /**
   * Done once for each request id: a repeated request finds the VM as the first one left it.
   * @throws GridError VM_UNKNOWN, VM_STATE, CONFIGURATION_CONFLICT, ACTION_FAILED …; actions that ran until then stay
   * recorded
   */
  async configure(request: Identified<ConfigureRequest>, signal: AbortSignal): Promise<VmRecord> {
    const { registry, gate } = this.#deps;
    const { vmId, requestId } = request;
    const record = registry.get(vmId);
    const before = record.configured?.find((one) => one.requestId === requestId);
    if (before?.failure) throw GridError.fromBody(before.failure);
    if (before) return record;
    if (record.state !== 'running') throw wrongState(vmId, record.state);
    return gate.enter(vmId, signal, (ended) => this.#run(request, remainingActions(record, request), ended));
  }

  async #run(
    request: Identified<ConfigureRequest>,
    actions: readonly Action[],
    signal: AbortSignal,
  ): Promise<VmRecord> {
    const { configurator, hostActions, registry, living, report, clock } = this.#deps;
    const { vmId, requestId } = request;
    await hostActions.requireAll(hostActionNames({ actions: [...actions] }));
    const job = {
      ...living.get(vmId),
      directory: registry.directory(vmId),
      actions,
      opened: async ({ sshPort }: GuestAccess) => {
        await registry.update(vmId, (record) => ({ ...record, sshPort }));
      },
      phases: new Phases(clock, requestKey(request), report),
      describe: (told: Attributes) => describeVm(registry.get(vmId), this.#plantId, told),
    };
    try {
      const configuration = await configurator.configure(job, signal);
      return await registry.update(vmId, (record) => withOutcome(record, configuration, { requestId }));
    } catch (error) {
      if (!(error instanceof ActionsFailed)) throw error;
      const outcome = { requestId, failure: error.toBody() };
      await registry.update(vmId, (record) => withOutcome(record, error.before, outcome));
      throw error;
    }
  }
}

function withOutcome(record: VmRecord, configuration: Configuration, outcome: ConfigureOutcome): VmRecord {
  const outcomes = [...(record.configured ?? []), outcome].slice(-CONFIGURE_OUTCOMES_KEPT);
  return { ...record, ...configurationChanges(record, configuration), configured: outcomes };
}

function remainingActions(record: VmRecord, { dag, scope = 'more' }: Identified<ConfigureRequest>): readonly Action[] {
  if (scope === 'more') return linearExtension(dag);
  const verdict = matchHistory(
    prepareDag(dag, 'machine'),
    record.history.map((entry) => entry.digest),
  );
  if (verdict.matches) return linearExtension(dag, verdict.remaining);
  const { position, missing } = verdict.offender;
  const ran = record.history[position];
  throw new GridError(
    'CONFIGURATION_CONFLICT',
    `${record.vmId} fails the ${verdict.test} test: it ran ${ran?.id} as number ${position + 1}${missing ? `, before ${missing}` : ''}`,
    { vmId: record.vmId, test: verdict.test, position, actionId: ran?.id, missing },
  );
}

const wrongState = (vmId: string, state: string): GridError =>
  new GridError('VM_STATE', `${vmId} is ${state}; it can be configured while it is running`, { vmId, state });
