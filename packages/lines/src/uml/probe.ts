import { access, chown, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { bootId, type CommandRunner, readFileIfAny, writeFileAtomically } from '@vmgrid/daemon';
import { runTool } from '@vmgrid/host';
import { GridError, type LineReport } from '@vmgrid/protocol';
import { requireConfinement } from '../confinement/confinement.ts';
import type { HostUser } from '../process/host-user.ts';
import { privileges } from '../process/spawn-vmm.ts';
import { hasRunProgram } from '../trial-kernel.ts';
import { DEVICE_LAYOUT, SPARED } from './command-line.ts';
import { INIT, TRY, writeInitrd } from './initrd.ts';
import { UML_ID } from './layout.ts';
import { requireNoComma } from './require-no-comma.ts';

/** Seconds are enough on an idle host. */
const TRY_DEADLINE_MS = 25_000;
const TRIES = 3;
const VERDICT_FILE = 'uml-verdict.json';
const TRY_MEMORY_MIB = 64;
/** The folder for the socket of the kernel that is tried. The next trial removes what a killed plant left in it. */
const FOLDER = 'uml-probe';

export interface ProbeOptions {
  readonly binary: string;
  readonly stateDirectory: string;
  /** The user of machines, if it is not the plant's. */
  readonly user: HostUser | undefined;
}

const report = (available: boolean, vmmVersion: string, reason = ''): LineReport => ({
  ...{ line: 'uml', available, reason, restores: false, diskFormats: ['raw'], mostCpus: 1 },
  compatibility: {
    ...{ vmm: 'uml', vmmVersion, accelerator: 'native' },
    ...{ machineType: 'uml', cpuModel: 'host', layout: DEVICE_LAYOUT },
  },
});

/** Returns the path of UML's first root file system for a kernel's release. */
export const initrdPath = (stateDirectory: string, release: string): string =>
  join(stateDirectory, `uml-initrd-${release}.img`);

/** Finds out whether UML runs here, by running it once for each boot of the host and each version of UML. */
export async function probeUml(run: CommandRunner, options: ProbeOptions, signal: AbortSignal): Promise<LineReport> {
  try {
    await requireConfinement();
    await requireNoComma(options.stateDirectory);
    const release = await askRelease(run, options, signal);
    await requireTools(run, signal);
    const initrd = initrdPath(options.stateDirectory, release);
    const key = JSON.stringify({ bootId: bootId(), release, init: INIT });
    const path = join(options.stateDirectory, VERDICT_FILE);
    if ((await readFileIfAny(path)) === key && (await exists(initrd))) return report(true, release);
    await writeInitrd(initrd, release);
    await tryAgain(() => tryUml(run, { ...options, initrd }, signal));
    await writeFileAtomically(path, key);
    return report(true, release);
  } catch (error) {
    if (error instanceof GridError) return report(false, '', error.message);
    throw error;
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function askRelease(run: CommandRunner, { binary }: ProbeOptions, signal: AbortSignal): Promise<string> {
  const failure = { code: 'LINE_UNAVAILABLE', message: 'User-Mode Linux does not start here' } as const;
  const release = (await runTool(binary, ['--version'], { run, signal, failure })).trim();
  if (/^[\w.+~-]{1,64}$/.test(release)) return release;
  throw new GridError('LINE_UNAVAILABLE', `${binary} does not say which version it is`);
}

async function requireTools(run: CommandRunner, signal: AbortSignal): Promise<void> {
  const failure = { code: 'LINE_UNAVAILABLE', message: 'the network of machines under UML cannot start' } as const;
  await runTool('slirp4netns', ['--version'], { run, signal, failure });
}

/** On a busy host a UML was seen to abort at its start, and the next one to run: a single such end is no verdict. */
async function tryAgain(attempt: () => Promise<void>): Promise<void> {
  for (let left = TRIES - 1; left > 0; left -= 1) {
    if (
      await attempt().then(
        () => true,
        () => false,
      )
    )
      return;
  }
  return attempt();
}

/** Boots a kernel that runs one program, as the machines' user. */
async function tryUml(
  run: CommandRunner,
  { binary, stateDirectory, user, initrd }: ProbeOptions & { readonly initrd: string },
  signal: AbortSignal,
): Promise<void> {
  const folder = await ownFolder(join(stateDirectory, FOLDER), user);
  const kernel = [`mem=${TRY_MEMORY_MIB}M`, `initrd=../${basename(initrd)}`, `rdinit=${TRY}`, 'quiet', ...SPARED];
  const failure = { code: 'LINE_UNAVAILABLE', message: 'User-Mode Linux does not run its guest here' } as const;
  const args = [
    ...privileges(user),
    '--',
    binary,
    ...kernel,
    'con=null',
    'con0=null,fd:1',
    `umid=${UML_ID}`,
    'uml_dir=./',
  ];
  const options = { run, signal, failure, cwd: folder, timeoutMs: TRY_DEADLINE_MS };
  const printed = await runTool('setpriv', args, options).finally(() => rm(folder, { recursive: true, force: true }));
  if (!hasRunProgram(printed))
    throw new GridError('LINE_UNAVAILABLE', 'User-Mode Linux ends without having run its guest');
}

/** Makes an empty folder that belongs to the user alone. */
async function ownFolder(path: string, user: HostUser | undefined): Promise<string> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { mode: 0o700 });
  if (user !== undefined) await chown(path, user.uid, user.gid);
  return path;
}
