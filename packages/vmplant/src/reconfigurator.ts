/** `configure`: more actions on a living VM, or the whole configuration it shall have had. */

import { systemClock } from '@vmgrid/daemon';
import { type Action, linearExtension, matchHistory, prepareDag } from '@vmgrid/dag';
import { adToJson, type ConfigureRequest, GridError, type Identified } from '@vmgrid/protocol';
import { ActionsFailed } from './configuration/configuration.ts';
import type { Configurator } from './configuration/configurator.ts';
import { configured } from './creator.ts';
import type { HostActions } from './host-actions.ts';
import type { LivingMachines } from './living-machines.ts';
import { Phases, type ReportProgress } from './phases.ts';
import { vmAd } from './reporter.ts';
import type { VmRecord } from './vm.ts';
import type { VmRegistry } from './vm-registry.ts';

export interface ReconfiguratorDeps {
  readonly configurator: Configurator;
  readonly hostActions: HostActions;
  readonly registry: VmRegistry;
  readonly living: LivingMachines;
  readonly report: ReportProgress;
}

export class Reconfigurator {
  readonly #deps: ReconfiguratorDeps;
  readonly #plantId: string;
  readonly #busy = new Set<string>();

  constructor(deps: ReconfiguratorDeps, { plantId }: { readonly plantId: string }) {
    this.#deps = deps;
    this.#plantId = plantId;
  }

  /** @throws GridError VM_UNKNOWN, VM_STATE, CONFIGURATION_CONFLICT, ACTION_FAILED …; what ran until then stays recorded. */
  async configure(request: Identified<ConfigureRequest>, signal: AbortSignal): Promise<VmRecord> {
    const { vmId } = request;
    const record = this.#deps.registry.get(vmId);
    if (record.state !== 'running') throw wrongState(vmId, record.state);
    if (this.#busy.has(vmId)) throw wrongState(vmId, 'being configured by another request');
    this.#busy.add(vmId);
    try {
      return await this.#run(request, remainingActions(record, request), signal);
    } finally {
      this.#busy.delete(vmId);
    }
  }

  async #run(
    request: Identified<ConfigureRequest>,
    actions: readonly Action[],
    signal: AbortSignal,
  ): Promise<VmRecord> {
    const { configurator, hostActions, registry, living, report } = this.#deps;
    const { vmId } = request;
    await hostActions.requireAll(actions.flatMap((action) => (action.kind === 'host' ? [action.name] : [])));
    const job = {
      ...living.get(vmId),
      directory: registry.directory(vmId),
      actions,
      phases: new Phases(systemClock, request.requestId, report),
      describe: () => JSON.stringify(adToJson(vmAd(registry.get(vmId), this.#plantId))),
    };
    try {
      const configuration = await configurator.configure(job, signal);
      return await registry.update(vmId, (record) => ({ ...record, ...configured(record, configuration) }));
    } catch (error) {
      if (!(error instanceof ActionsFailed)) throw error;
      await registry.update(vmId, (record) => ({ ...record, ...configured(record, error.before) }));
      throw error;
    }
  }
}

function remainingActions(record: VmRecord, { dag, scope = 'more' }: Identified<ConfigureRequest>): readonly Action[] {
  if (scope === 'more') return linearExtension(dag);
  const verdict = matchHistory(
    prepareDag(dag),
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
