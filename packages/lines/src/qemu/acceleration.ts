import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { bootId, CommandError, type CommandRunner, readFileIfAny, writeFileAtomically } from '@vmgrid/daemon';
import type { LineName } from '@vmgrid/protocol';
import type { GoldenImage } from '@vmgrid/warehouse';
import { admitToImage, type HostIdRange, type HostUser, kvmAccess } from '../process/host-user.ts';
import { privileges } from '../process/spawn-vmm.ts';
import { type FindImages, hasRunProgram, type TrialKernel, trialKernel } from '../trial-kernel.ts';

/** A kernel that runs at all needs a fraction of this, on a busy host too. */
const TRIAL_DEADLINE_MS = 10_000;

/** How guests run here, and why not faster. */
export interface Acceleration {
  readonly accelerator: 'kvm' | 'tcg';
  /** Why KVM is not used; empty with KVM. */
  readonly reason: string;
}

/** It is no verdict, so it is not kept. */
const UNTRIED: Acceleration = {
  accelerator: 'tcg',
  reason: 'KVM is tried with the kernel of a base image, and there is none yet: see `vmgrid images build-base`',
};

interface Verdict extends Acceleration {
  readonly bootId: string;
  readonly vmmVersion: string;
  readonly cpuModel: string;
  /** The user that may open /dev/kvm. */
  readonly access: string;
}

export interface AccelerationDeps {
  readonly run: CommandRunner;
  readonly images: FindImages;
}
export interface AccelerationOptions {
  readonly binary: string;
  readonly machineType: string;
  readonly cpuModel: string;
  readonly vmmVersion: string;
  readonly stateDirectory: string;
  /** The line whose machines it is for; it names the file of the verdict. */
  readonly line: LineName;
  readonly hostIds: HostIdRange;
  /** Returns the user of an image's machine; undefined when it is the plant's own. */
  readonly userOf: (vmId: string, image: GoldenImage) => HostUser | undefined;
}

/** Returns the arguments of a QEMU that runs a kernel, which prints on standard output, and ends with it. Pure. */
export function trialArguments(
  { kernel, initrd, commandLine, memoryMiB }: TrialKernel,
  {
    machineType,
    cpu,
    accelerator,
  }: { readonly machineType: string; readonly cpu: string; readonly accelerator: string },
): string[] {
  return [
    ...['-no-user-config', '-nodefaults', '-display', 'none', '-no-reboot', '-serial', 'stdio'],
    ...['-machine', machineType, '-accel', accelerator, '-cpu', cpu, '-m', `${memoryMiB}M`],
    ...['-kernel', kernel, '-initrd', initrd, '-append', commandLine],
  ];
}

/**
 * Boots a kernel under KVM, as a machine's user would, until its first program runs. That /dev/kvm opens and makes a
 * machine does not mean that the machine ever runs, or has the wanted processor; that firmware runs does not mean that
 * a kernel does.
 */
async function tryKvm(
  run: CommandRunner,
  { kernel, binary, machineType, cpuModel, hostIds, userOf }: AccelerationOptions & { readonly kernel: TrialKernel },
  signal: AbortSignal,
): Promise<Acceleration> {
  await admitToImage(hostIds, kernel.image);
  const user = userOf('probe', kernel.image);
  const args = trialArguments(kernel, { machineType, cpu: `${cpuModel},enforce`, accelerator: 'kvm' });
  try {
    const options = { signal, timeoutMs: TRIAL_DEADLINE_MS };
    const printed = await run('setpriv', [...privileges(user), '--', binary, ...args], options);
    if (hasRunProgram(printed)) return { accelerator: 'kvm', reason: '' };
    return { accelerator: 'tcg', reason: 'KVM ends without having run its guest' };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { accelerator: 'tcg', reason: refusalOf(error) };
  }
}

function refusalOf({ reason, outputTail, message }: CommandError): string {
  if (reason === 'timeout') return `KVM starts guests that do not run (tried for ${TRIAL_DEADLINE_MS} ms)`;
  return `KVM does not run guests: ${outputTail || message}`;
}

async function readVerdict(path: string): Promise<Partial<Verdict>> {
  try {
    return JSON.parse((await readFileIfAny(path)) ?? '{}') as Partial<Verdict>;
  } catch {
    return {};
  }
}

/**
 * Finds by trying how guests run fastest here; without a kernel to try they are emulated. The verdict is kept in the
 * state directory until the host reboots, QEMU or the wanted processor changes, or the permissions of /dev/kvm change.
 */
export async function findAcceleration(
  { run, images }: AccelerationDeps,
  options: AccelerationOptions,
  signal: AbortSignal,
): Promise<Acceleration> {
  const { vmmVersion, cpuModel, stateDirectory, line } = options;
  const path = join(stateDirectory, `${line}-acceleration.json`);
  const { accelerator, reason = '', ...key } = await readVerdict(path);
  const current = { bootId: bootId(), vmmVersion, cpuModel, access: kvmAccess() };
  if (accelerator !== undefined && isDeepStrictEqual(key, current)) return { accelerator, reason };
  const kernel = trialKernel(await images());
  if (kernel === undefined) return UNTRIED;
  const found = await tryKvm(run, { ...options, kernel }, signal);
  await writeFileAtomically(path, `${JSON.stringify({ ...found, ...current })}\n`);
  return found;
}
