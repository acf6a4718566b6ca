/** Runs successive host actions. Their output is attributes, like `$VMGRID_ATTRIBUTES` in the guest. */

import { type Clock, CommandError } from '@vmgrid/daemon';
import type { HostAction } from '@vmgrid/dag';
import type { Phases } from '../vms/phases.ts';
import type { Attributes } from './attributes.ts';
import type { ActionFailure, ConfigurationProgress } from './configuration.ts';
import type { HostActions } from './host-actions.ts';
import { timeoutMs } from './time-limits.ts';

export interface HostSegmentDeps {
  readonly hostActions: Pick<HostActions, 'run'>;
  readonly clock: Clock;
  readonly progress: ConfigurationProgress;
  readonly phases: Phases;
  /** JSON of the VM's classad, with the attributes set so far. */
  readonly describe: (told: Attributes) => string;
  /** Runs the action's recover script in the guest. */
  readonly recover: (action: HostAction) => Promise<void>;
}

export async function runHostAction(action: HostAction, deps: HostSegmentDeps, signal: AbortSignal): Promise<void> {
  const { progress, phases, clock } = deps;
  progress.began(action);
  phases.action(action.id, 'started');
  const startedAt = clock.monotonic();
  for (let attempt = 0; ; attempt += 1) {
    const result = await tryOnce(action, deps, signal);
    const elapsedMs = clock.monotonic() - startedAt;
    if (typeof result === 'string') {
      progress.told(action, result);
      progress.succeeded(action, elapsedMs, clock.now());
      return phases.action(action.id, 'done', elapsedMs);
    }
    if (action.recover !== undefined) await deps.recover(action);
    if (attempt < (action.retries ?? 0)) continue;
    phases.action(action.id, 'failed', elapsedMs);
    return progress.failed(action, result);
  }
}

/** Returns the executable's output, or its failure. */
async function tryOnce(
  action: HostAction,
  { hostActions, describe, progress }: HostSegmentDeps,
  signal: AbortSignal,
): Promise<string | ActionFailure> {
  const call = {
    name: action.name,
    arguments: action.arguments ?? [],
    standardInput: describe(progress.soFar.attributes),
    timeoutMs: timeoutMs(action),
  };
  try {
    return await hostActions.run(call, signal);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { exitCode: error.exitCode, timedOut: error.reason === 'timeout', output: error.outputTail };
  }
}
