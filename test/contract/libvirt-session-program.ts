/**
 * A plant's work by a user who is not root, over the libvirt of that user's session: see libvirt-session.test.ts. Its
 * only argument says what to do; it prints what came of it.
 */
import { stat } from 'node:fs/promises';
import { processesOf } from '@vmgrid/test-support/hosts/processes.ts';
import type { RunnerEvent } from '../../packages/lines/src/guest/report.ts';
import { makeLines } from '../../packages/lines/src/make-lines.ts';
import type { Adoption } from '../../packages/lines/src/production-line.ts';
import { greetingAt } from './greeting.ts';
import { leftOf } from './left.ts';
import { identityOf, script, WAKE_AND_RUN, Workshop } from './workshop.ts';

export interface SessionWork {
  /** With a warehouse that has the base image; the user's own, as is the folder it lies in. */
  readonly folder: string;
  readonly baseId: string;
}

export interface SessionOutcome {
  readonly configured: RunnerEvent | undefined;
  /** The greeting of the guest's ssh server. */
  readonly greeting: string;
  /** Users of the machine's processes. */
  readonly owners: readonly number[];
  /** The kinds of adoption after it was suspended, after it was resumed and detached, and after it was stopped. */
  readonly found: readonly Adoption['kind'][];
  /** The content of the resumed guest's memory and disk. */
  readonly kept: readonly string[];
  readonly left: unknown;
}

const DEADLINE_MS = 240_000;

const { folder, baseId } = JSON.parse(process.argv[2]!) as SessionWork;
const signal = AbortSignal.timeout(DEADLINE_MS);
const line = makeLines(['libvirt'], { stateDirectory: folder }).get('libvirt')!;
const workshop = await Workshop.in({ folder, line }, baseId, signal);
try {
  console.log(JSON.stringify(await work()));
} finally {
  await workshop.close();
}

async function work(): Promise<SessionOutcome> {
  const order = await workshop.order('guest', workshop.base, { start: 'boot' });
  const machine = await workshop.start(order);
  const steps = [script(0, 'echo on disk > /root/kept')];
  const events = await workshop.configure(machine, { identity: identityOf('guest'), steps }, WAKE_AND_RUN);
  const greeting = await greetingAt(workshop.access.get(machine)!.sshPort);
  await workshop.run(machine, 'echo in memory > /run/kept');
  const owners = await ownersOf(order.directory);
  await machine.suspend(signal);
  const find = () => line.adopt(machine.state, signal);
  const found = [(await find()).kind];
  const resumed = await line.start({ ...order, start: 'resume' }, signal);
  const kept = await workshop.run(resumed, 'cat /run/kept /root/kept');
  resumed.detach();
  const adoption = await find();
  found.push(adoption.kind);
  if (adoption.kind === 'running') await adoption.machine.stop(0, signal);
  found.push((await find()).kind);
  return { configured: events.at(-1), greeting, owners, found, kept, left: await leftOf({}, order) };
}

async function ownersOf(directory: string): Promise<readonly number[]> {
  const processes = await processesOf(directory);
  const owners = await Promise.all(processes.map(async ({ pid }) => (await stat(`/proc/${pid}`)).uid));
  return [...new Set(owners)];
}
