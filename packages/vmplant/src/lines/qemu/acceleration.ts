import { chmod, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { bootId, CommandError, type CommandRunner } from '@vmgrid/daemon';
import { type HostUser, kvmAccess } from '../host-user.ts';
import { privileges } from '../spawn-vmm.ts';

/** A guest that runs at all needs a fraction of this. */
const PROBE_DEADLINE_MS = 3_000;
const VERDICT_FILE = 'qemu-acceleration.json';
const EXIT_PORT = 0xf4;
const EXIT_VALUE = 0x10;
/** QEMU's isa-debug-exit ends with (value << 1) | 1. */
const EXIT_CODE = (EXIT_VALUE << 1) | 1;

/** How guests are run here, and why not faster. */
export interface Acceleration {
  readonly accelerator: 'kvm' | 'tcg';
  /** Why not KVM; empty with KVM. */
  readonly reason: string;
}

interface Verdict extends Acceleration {
  readonly bootId: string;
  readonly vmmVersion: string;
  /** Who may open /dev/kvm. */
  readonly access: string;
}

export interface AccelerationDeps {
  readonly run: CommandRunner;
}
export interface AccelerationOptions {
  readonly binary: string;
  readonly cpuModel: string;
  readonly vmmVersion: string;
  readonly stateDirectory: string;
  /** Whom machines run as, if not as the plant. */
  readonly user: HostUser | undefined;
}

/** A boot sector: mov al, VALUE; out PORT, al; hlt; and the signature in its last two bytes. */
function bootSector(): Buffer {
  const sector = Buffer.alloc(512);
  sector.set([0xb0, EXIT_VALUE, 0xe6, EXIT_PORT, 0xf4]);
  sector.set([0x55, 0xaa], 510);
  return sector;
}

/**
 * Boots a guest of one instruction, as the user that machines run as: /dev/kvm may not be open to it. That it opens and makes
 * a machine does not mean that the machine ever runs, or has the processor asked for.
 */
async function tryKvm(
  { run }: AccelerationDeps,
  { binary, cpuModel, user }: AccelerationOptions,
  signal: AbortSignal,
): Promise<Acceleration> {
  const folder = await mkdtemp(join(tmpdir(), 'vmgrid-probe-'));
  const sector = join(folder, 'sector');
  try {
    await chmod(folder, 0o755);
    await writeFile(sector, bootSector());
    const args = [
      ...[
        '-accel',
        'kvm',
        '-cpu',
        `${cpuModel},enforce`,
        '-machine',
        'pc',
        '-m',
        '16M',
        '-nodefaults',
        '-no-user-config',
      ],
      ...['-display', 'none', '-drive', `if=ide,format=raw,snapshot=on,file=${sector}`],
      ...['-device', `isa-debug-exit,iobase=0x${EXIT_PORT.toString(16)},iosize=0x01`],
    ];
    await run('setpriv', [...privileges(user), '--', binary, ...args], { signal, timeoutMs: PROBE_DEADLINE_MS });
    return { accelerator: 'tcg', reason: 'KVM ends without having run its guest' };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return verdictOf(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function verdictOf({ reason, exitCode, outputTail, message }: CommandError): Acceleration {
  if (exitCode === EXIT_CODE) return { accelerator: 'kvm', reason: '' };
  if (reason === 'timeout') {
    return { accelerator: 'tcg', reason: `KVM starts guests that do not run (tried for ${PROBE_DEADLINE_MS} ms)` };
  }
  return { accelerator: 'tcg', reason: `KVM does not run guests: ${outputTail || message}` };
}

async function readVerdict(path: string): Promise<Partial<Verdict>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Partial<Verdict>;
  } catch {
    return {};
  }
}

/**
 * Finds by trying how guests run fastest here. The verdict is kept in the state directory until the host boots
 * anew, QEMU changes, or others may open /dev/kvm.
 */
export async function findAcceleration(
  deps: AccelerationDeps,
  options: AccelerationOptions,
  signal: AbortSignal,
): Promise<Acceleration> {
  const { vmmVersion, stateDirectory } = options;
  const path = join(stateDirectory, VERDICT_FILE);
  const { accelerator, reason, ...key } = await readVerdict(path);
  const current = { bootId: bootId(), vmmVersion, access: kvmAccess() };
  if (accelerator !== undefined && isDeepStrictEqual(key, current)) {
    return { accelerator, reason: reason ?? '' };
  }
  const found = await tryKvm(deps, options, signal);
  await writeFile(`${path}.new`, `${JSON.stringify({ ...found, ...current })}\n`);
  await rename(`${path}.new`, path);
  return found;
}
