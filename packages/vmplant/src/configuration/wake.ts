/** A machine gets its identity, and then its network: by its resident agent, or by the runner on the disc. */
import type { Segment } from '@vmgrid/dag';
import {
  type GivenIdentity,
  type Guest,
  type GuestIdentity,
  identityAttributes,
  makeCloneIdentity,
} from '@vmgrid/lines';
import { bookedOf, type Run, readToEnd, startRunner, taskOf } from './guest-run.ts';

type Identify = NonNullable<Guest['identify']>;

/** By the runner: gives the guest its identity, opens its network, and runs the first actions. */
export async function wakeByRunner(run: Run, first: Segment | undefined): Promise<void> {
  const actions = first?.actions ?? [];
  const tasks = actions.length > 0 ? [taskOf(run, actions)] : [];
  const report = startRunner(run, [{ task: 'identity' }, ...tasks], bookedOf(run, actions));
  await run.job.phases.time('identity', () => report.untilIdentity());
  await openNetwork(run);
  await run.job.phases.time('actions', () => readToEnd(run, report));
}

/** By the resident agent. The network is open afterwards; the identity may not be on the guest's disk yet. */
export async function wakeByAgent(run: Run, identity: GuestIdentity, identify: Identify): Promise<GivenIdentity> {
  const { job, clock, progress, signal } = run;
  const own = makeCloneIdentity(identity);
  const given = await job.phases.time('identity', () => identify.call(job.guest, own, clock.now(), signal));
  progress.toldIdentity(identityAttributes(own));
  await openNetwork(run);
  return given;
}

async function openNetwork({ job, signal }: Run): Promise<void> {
  const access = await job.machine.openNetwork(signal);
  await job.opened?.(access);
}
