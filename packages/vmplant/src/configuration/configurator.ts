/**
 * Configures a machine: its identity, then actions in a given order, segment by segment: in the guest by the
 * configuration disc, and on the host.
 */
import { type Clock, endsWithin, within } from '@vmgrid/daemon';
import { type Action, type HostAction, type Segment, segments } from '@vmgrid/dag';
import type { Guest, GuestAccess, GuestIdentity, GuestStep, Machine } from '@vmgrid/lines';
import { type RunnerTask, runnerCommand } from '@vmgrid/lines';
import { GridError, late } from '@vmgrid/protocol';
import type { HistoryEntry } from '@vmgrid/warehouse';
import type { Phases } from '../vms/phases.ts';
import type { Attributes } from './attributes.ts';
import type { ConfigDiscStore, PreparedDisc } from './config-disc-store.ts';
import { ActionsFailed, type Configuration, ConfigurationProgress } from './configuration.ts';
import { type BookedActions, GuestReport, NOTHING_BOOKED } from './guest-report.ts';
import type { HostActions } from './host-actions.ts';
import { runHostAction } from './host-segment.ts';
import { longestMs, timeoutMs } from './time-limits.ts';

export interface ConfiguratorDeps {
  readonly hostActions: Pick<HostActions, 'run'>;
  readonly clock: Clock;
  readonly discs: ConfigDiscStore;
}

export interface DiscOrder {
  /** The machine's own folder. */
  readonly directory: string;
  /** Left out for a machine that has its identity already. */
  readonly identity?: GuestIdentity;
  /** Whether cloud-init is to take that identity from the disc. */
  readonly cloudInit?: boolean;
  /** Whether to find out which actions survive a boot. */
  readonly observe?: boolean;
  readonly actions: readonly Action[];
}

export interface ConfigurationJob extends DiscOrder {
  readonly machine: Machine;
  readonly guest: Guest;
  readonly phases: Phases;
  /**
   * History of the image that the machine was made from; left out for a machine that has told its attributes before.
   */
  readonly inherited?: readonly HistoryEntry[];
  /** JSON of the VM's classad with what was told so far, for host actions. */
  readonly describe: (told: Attributes) => string;
  /** Told how a guest that gets its identity is reached. */
  readonly opened?: (access: GuestAccess) => Promise<void>;
  /** When it was begun before the machine was there. */
  readonly disc?: PreparedDisc;
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
    const { clock } = this.#deps;
    const limit = { ms: longestMs(job.actions), signal, clock, late: unreported };
    const progress = new ConfigurationProgress(job);
    try {
      return await within(limit, async (until) => {
        await job.phases.time('disc', () => insert(disc, job.machine, until));
        await this.#runAll({ job, clock, progress, signal: until });
        return progress.soFar;
      });
    } catch (error) {
      throw signal.aborted ? cutOff(signal.reason, progress.soFar) : error;
    } finally {
      // The disc is ejected if possible: a machine that is gone has no drive.
      const ejected = endsWithin({ ms: EJECT_DEADLINE_MS, clock }, (until) => job.machine.insertDisc(undefined, until));
      await ejected.catch(() => undefined);
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
      await insert(disc, job.machine, signal);
      const { clock } = this.#deps;
      const whole = { ...job, actions: [], describe: () => '' };
      const run = { job: whole, clock, progress: new ConfigurationProgress(), signal };
      const tasks: RunnerTask[] = [{ task: 'quiesce' }, ...(keeps === 'memory' ? [{ task: 'warm' } as const] : [])];
      await startRunner(run, tasks, NOTHING_BOOKED).toEnd();
      await job.machine.insertDisc(undefined, signal);
    } finally {
      await disc.discard();
    }
  }

  async #runAll(run: Run): Promise<void> {
    const { actions, identity, phases } = run.job;
    const queue = segments(actions);
    if (identity) {
      // One conversation with the guest covers its identity and its first actions.
      const first = queue[0]?.where === 'guest' ? queue.shift() : undefined;
      await wake(run, first);
    }
    for (const segment of queue) await phases.time('actions', () => this.#runSegment(run, segment));
  }

  async #runSegment(run: Run, { where, actions }: Segment): Promise<void> {
    if (where === 'guest') return startRunner(run, [taskOf(run, actions)], bookedOf(run, actions)).toEnd();
    for (const action of actions) await this.#runOnHost(run, action as HostAction);
  }

  #runOnHost(run: Run, action: HostAction): Promise<void> {
    const { progress, clock } = run;
    const { phases, describe } = run.job;
    // Its step is the recover script, not the action: what is reported of it is not booked.
    const recover = () => startRunner(run, [taskOf(run, [action])], NOTHING_BOOKED).toEnd();
    return runHostAction(
      action,
      { hostActions: this.#deps.hostActions, clock, progress, phases, describe, recover },
      run.signal,
    );
  }
}

/** What the signal aborted with, and what had been done by then. */
function cutOff(reason: unknown, before: Configuration): ActionsFailed {
  const { code, message, details } = GridError.from(reason);
  return new ActionsFailed(code, message, details, before);
}

const unreported = late('GUEST_UNREACHABLE', 'the guest did not report the end of its actions');

/** One configuration under way. */
interface Run {
  readonly job: ConfigurationJob;
  readonly clock: Clock;
  readonly progress: ConfigurationProgress;
  readonly signal: AbortSignal;
}

async function insert(disc: PreparedDisc, machine: Machine, signal: AbortSignal): Promise<void> {
  await disc.written;
  await machine.insertDisc(disc.path, signal);
}

/** Gives the guest its identity, opens its network, and runs the first actions. */
async function wake(run: Run, first: Segment | undefined): Promise<void> {
  const { machine, phases, opened } = run.job;
  const actions = first?.actions ?? [];
  const tasks = actions.length > 0 ? [taskOf(run, actions)] : [];
  const report = startRunner(run, [{ task: 'identity' }, ...tasks], bookedOf(run, actions));
  await phases.time('identity', () => report.untilIdentity());
  const access = await machine.openNetwork(run.signal);
  await opened?.(access);
  await phases.time('actions', () => report.toEnd());
}

function startRunner(
  { job, clock, progress, signal }: Run,
  tasks: readonly RunnerTask[],
  booked: BookedActions | undefined,
): GuestReport {
  const { guest, phases } = job;
  const lines = guest.run(runnerCommand(guest.discDevice, tasks, clock.now()), signal);
  return new GuestReport(lines, booked, { progress, phases, clock });
}

/** Actions in a row, by their places in the job. */
function taskOf(run: Run, actions: readonly Action[]): RunnerTask {
  const { first } = bookedOf(run, actions);
  return { task: 'run', first, last: first + actions.length - 1 };
}

const bookedOf = ({ job }: Run, actions: readonly Action[]): BookedActions => ({
  first: actions.length > 0 ? job.actions.indexOf(actions[0]!) : 0,
  actions,
});

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
