/**
 * Configures a machine: its identity, then actions in a given order, segment by segment: in the guest by the
 * configuration disc, and on the host.
 */
import { type Clock, endsWithin, within } from '@vmgrid/daemon';
import { type Action, type HostAction, type Segment, segments } from '@vmgrid/dag';
import type { GuestStep, RunnerTask } from '@vmgrid/lines';
import { GridError, late } from '@vmgrid/protocol';
import type { ConfigDiscStore, PreparedDisc } from './config-disc-store.ts';
import { ActionsFailed, type Configuration, ConfigurationProgress } from './configuration.ts';
import type { ConfigurationJob, DiscOrder } from './configuration-job.ts';
import { NOTHING_BOOKED } from './guest-report.ts';
import { bookedOf, insert, type Run, readToEnd, startRunner, taskOf } from './guest-run.ts';
import type { HostActions } from './host-actions.ts';
import { runHostAction } from './host-segment.ts';
import { longestMs, timeoutMs } from './time-limits.ts';
import { wakeByAgent, wakeByRunner } from './wake.ts';

export interface ConfiguratorDeps {
  readonly hostActions: Pick<HostActions, 'run'>;
  readonly clock: Clock;
  readonly discs: ConfigDiscStore;
  /** The longest that a guest may take to boot until its agent answers. */
  readonly bootDeadlineMs: number;
}

const EJECT_DEADLINE_MS = 5_000;

export class Configurator {
  readonly #deps: ConfiguratorDeps;

  constructor(deps: ConfiguratorDeps) {
    this.#deps = deps;
  }

  /** Starts to write the disc for actions that `configure` will run in this order. */
  prepare({ directory, identity, cloudInit = false, observe = false, actions }: DiscOrder): PreparedDisc {
    const plan = { ...(identity ? { identity } : {}), cloudInit, observe, steps: stepsOf(actions) };
    return this.#deps.discs.prepare(directory, plan);
  }

  /** The most that actions may take. */
  longestMs(actions: readonly Action[]): number {
    return longestMs(actions, this.#deps.bootDeadlineMs);
  }

  /** Removes what a run that was cut off left in a machine's folder. */
  removeDiscs(directory: string): Promise<void> {
    return this.#deps.discs.removeAll(directory);
  }

  /**
   * @throws ActionsFailed with what was done before, also when the signal ended it; GridError of the machine or guest.
   * The disc is gone afterwards.
   */
  async configure(job: ConfigurationJob, signal: AbortSignal): Promise<Configuration> {
    const disc = job.disc ?? this.prepare(job);
    const { clock, bootDeadlineMs } = this.#deps;
    const limit = { ms: this.longestMs(job.actions), signal, clock, late: unreported };
    const progress = new ConfigurationProgress(job);
    const drive = { isFull: false };
    try {
      return await within(limit, async (until) => {
        const run: Run = { job, disc, drive, clock, bootDeadlineMs, progress, signal: until };
        await this.#runAll(run);
        return progress.soFar;
      });
    } catch (error) {
      throw signal.aborted ? cutOff(signal.reason, progress.soFar) : error;
    } finally {
      // A disc that is in the drive is ejected if possible: a machine that is gone has no drive.
      const eject = (until: AbortSignal) => job.machine.insertDisc(undefined, until);
      if (drive.isFull) await endsWithin({ ms: EJECT_DEADLINE_MS, clock }, eject).catch(() => undefined);
      await disc.discard();
    }
  }

  /**
   * Removes from the guest everything that must not be in an image. It runs right before the machine is frozen, with
   * its memory or without.
   */
  async quiesce(
    job: Pick<ConfigurationJob, 'directory' | 'machine' | 'guest' | 'phases'>,
    keeps: 'memory' | 'disk',
    signal: AbortSignal,
  ): Promise<void> {
    const disc = this.prepare({ directory: job.directory, actions: [] });
    try {
      const { clock, bootDeadlineMs } = this.#deps;
      const whole = { ...job, actions: [], describe: () => '' };
      const progress = new ConfigurationProgress();
      const run: Run = { job: whole, disc, drive: { isFull: false }, clock, bootDeadlineMs, progress, signal };
      await insert(run);
      const tasks: RunnerTask[] = [{ task: 'quiesce' }, ...(keeps === 'memory' ? [{ task: 'warm' } as const] : [])];
      await readToEnd(run, startRunner(run, tasks, NOTHING_BOOKED));
      await job.machine.insertDisc(undefined, signal);
      if (keeps === 'memory') await job.guest.prepare?.(signal);
    } finally {
      await disc.discard();
    }
  }

  async #runAll(run: Run): Promise<void> {
    const { actions, identity, phases, guest } = run.job;
    const queue = segments(actions);
    if (identity && guest.identify) {
      const { settled } = await wakeByAgent(run, identity, guest.identify);
      if (stepsOf(actions).length > 0) await this.#insert(run);
      await phases.time('settle', () => settled);
    } else {
      await this.#insert(run);
      // One conversation with the guest covers its identity and its first actions.
      if (identity) await wakeByRunner(run, queue[0]?.where === 'guest' ? queue.shift() : undefined);
    }
    for (const segment of queue) await phases.time('actions', () => this.#runSegment(run, segment));
  }

  #insert(run: Run): Promise<void> {
    return run.job.phases.time('disc', () => insert(run));
  }

  async #runSegment(run: Run, { where, actions }: Segment): Promise<void> {
    if (where === 'guest') {
      return readToEnd(run, startRunner(run, [taskOf(run, actions)], bookedOf(run, actions)));
    }
    for (const action of actions) await this.#runOnHost(run, action as HostAction);
  }

  #runOnHost(run: Run, action: HostAction): Promise<void> {
    const { progress, clock } = run;
    const { phases, describe } = run.job;
    // Its step is the recover script, not the action: what is reported of it is not booked.
    const recover = () => readToEnd(run, startRunner(run, [taskOf(run, [action])], NOTHING_BOOKED));
    return runHostAction(
      action,
      { hostActions: this.#deps.hostActions, clock, progress, phases, describe, recover },
      run.signal,
    );
  }
}

/** Makes the error that the signal aborted with, with the actions that had been done by then. */
function cutOff(reason: unknown, before: Configuration): ActionsFailed {
  const { code, message, details } = GridError.from(reason);
  return new ActionsFailed(code, message, details, before);
}

const unreported = late('GUEST_UNREACHABLE', 'the guest did not report the end of its actions');

/**
 * The disc has a step for each guest action, and for each recover script of a host action, which runs in the guest
 * too.
 */
function stepsOf(actions: readonly Action[]): GuestStep[] {
  return actions.flatMap((action, index): GuestStep[] => {
    const limitMs = timeoutMs(action);
    if (action.kind !== 'host') return [{ index, action, timeoutMs: limitMs }];
    if (action.recover === undefined) return [];
    const script = { kind: 'script', id: action.id, script: action.recover, onError: 'continue' } as const;
    return [{ index, action: action.secret ? { ...script, secret: true } : script, timeoutMs: limitMs }];
  });
}
