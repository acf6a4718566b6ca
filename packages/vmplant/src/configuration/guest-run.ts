/** Runs of the runner in a guest, also across a restart of the machine by an action that is to restart it. */
import { type Clock, endsWithin, within } from '@vmgrid/daemon';
import type { Action } from '@vmgrid/dag';
import { type Restart, type RunnerTask, runnerCommand } from '@vmgrid/lines';
import type { PreparedDisc } from './config-disc-store.ts';
import type { ConfigurationProgress } from './configuration.ts';
import type { ConfigurationJob } from './configuration-job.ts';
import { type BookedActions, type CutOff, GuestReport, type Restarting } from './guest-report.ts';
import { SHUTDOWN_MS } from './time-limits.ts';

/** One configuration under way. */
export interface Run {
  readonly job: ConfigurationJob;
  readonly disc: PreparedDisc;
  /** Whether the disc may be in it. */
  readonly drive: { isFull: boolean };
  readonly clock: Clock;
  readonly bootDeadlineMs: number;
  readonly progress: ConfigurationProgress;
  readonly signal: AbortSignal;
}

/** For a guest whose runner ended by itself to say that it starts anew. */
const CAUSE_MS = 30_000;

export async function insert({ job, disc, drive, signal }: Run): Promise<void> {
  await disc.written;
  drive.isFull = true;
  await job.machine.insertDisc(disc.path, signal);
}

export function startRunner(
  { job, clock, progress, signal }: Run,
  tasks: readonly RunnerTask[],
  booked: BookedActions | undefined,
): GuestReport {
  const { guest, phases } = job;
  const lines = guest.run(runnerCommand(guest.discDevice, tasks, clock.now()), signal);
  return new GuestReport(lines, booked, { progress, phases, clock });
}

/** Actions in a row, by their places in the job. */
export function taskOf(run: Run, actions: readonly Action[]): RunnerTask {
  const { first } = bookedOf(run, actions);
  return { task: 'run', first, last: first + actions.length - 1 };
}

export const bookedOf = ({ job }: Run, actions: readonly Action[]): BookedActions => ({
  first: actions.length > 0 ? job.actions.indexOf(actions[0]!) : 0,
  actions,
});

/**
 * Reads a run to its end, and goes on after each restart by an action that is to restart the machine.
 * @throws ActionsFailed GUEST_RESTARTED for any other restart; what `GuestReport.toEnd` throws
 */
export async function readToEnd(run: Run, started: GuestReport): Promise<void> {
  let report = started;
  for (let cut = await report.toEnd(); cut; cut = await report.toEnd()) {
    const restarting = await restartOf(run, cut);
    report = await run.job.phases.time('restart', () => goOn(run, restarting));
  }
}

/**
 * Returns the tasks that follow a restart which the action asked for. @throws for any other restart its cause, why
 * the run was cut off
 */
async function restartOf(run: Run, { error, last, restarting }: CutOff): Promise<Restarting> {
  const how = await causeOf(run, restarting ? SHUTDOWN_MS : CAUSE_MS);
  if (how === undefined || last === undefined) throw error;
  if (how === 'panic') {
    throw run.progress.restarted(last, `the kernel of the guest panicked during the action ${last.id}, or after it`);
  }
  if (restarting) return restarting;
  const message = `the guest started anew during the action ${last.id}, or right after it: what runs in it is gone`;
  throw run.progress.restarted(last, message);
}

/** How the guest started anew; undefined when it has not in time. */
async function causeOf({ job, clock, signal }: Run, ms: number): Promise<Restart | undefined> {
  let how: Restart | undefined;
  await endsWithin({ ms, clock, signal }, async (until) => {
    how = await job.guest.restarted(until);
  });
  return how;
}

/** Waits for the guest, and runs the rest of the actions in it. The network of some lines has to be opened again. */
async function goOn(run: Run, booked: Restarting): Promise<GuestReport> {
  const { job, clock, bootDeadlineMs, progress, signal } = run;
  const { action, index } = booked.restarted;
  const away = (ms: number) =>
    progress.restarted(action, `the guest did not come back within ${ms} ms of the restart by the action ${action.id}`);
  await within({ ms: bootDeadlineMs, clock, signal, late: away }, (until) => job.machine.guest(until));
  await insert(run);
  const rest = booked.actions.slice(1);
  const tasks = rest.length > 0 ? [taskOf(run, rest)] : [];
  const report = startRunner(run, [{ task: 'restarted', step: index }, ...tasks], booked);
  await report.untilRestarted();
  await job.opened?.(await job.machine.openNetwork(signal));
  return report;
}
