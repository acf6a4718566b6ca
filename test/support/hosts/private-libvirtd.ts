/**
 * A libvirtd of a test's own, beside the host's if it has one. It sees no KVM: where libvirt and the QEMU that it asks
 * disagree on whether they may use /dev/kvm, libvirt asks anew at each call, and every machine takes ten times as long.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { abortable, runCommand } from '../../../packages/daemon/src/index.ts';
import { connectUnix } from '../../../packages/host/src/unix-socket.ts';
import { WITHOUT_KVM } from './poor-host.ts';

const SCRIPT = join(import.meta.dirname, 'private-libvirtd.sh');
const START_DEADLINE_MS = 60_000;

export interface LibvirtdOptions {
  /** Left out: of the system as root, else of the user. */
  readonly kind?: 'system' | 'session';
  /** The user whose session it is, when root says so; left out, the own one. */
  readonly user?: string;
}

export interface PrivateLibvirtd {
  /** The address by which everyone who may open its socket finds it. */
  readonly uri: string;
  /** With all that it keeps. */
  readonly folder: string;
  /** With these a process of its user finds that of a session as `qemu:///session`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Names of the domains that libvirt knows, running or not. */
  domains(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Resolves when libvirtd answers. */
export async function startLibvirtd({ kind = ownKind(), user }: LibvirtdOptions = {}): Promise<PrivateLibvirtd> {
  const folder = await mkdtemp(join(tmpdir(), 'vmgrid-'));
  const sockets = join(folder, 'run/libvirt');
  await mkdir(sockets, { recursive: true });
  const environment = kind === 'session' ? sessionIn(folder) : {};
  const script = ['sh', SCRIPT, kind, folder, ...(user === undefined ? [] : [user])];
  const child = spawn('sh', ['-c', WITHOUT_KVM, 'sh', ...script], {
    ...{ cwd: folder, env: { ...process.env, ...environment }, stdio: ['pipe', 'ignore', 'inherit'] },
  });
  const uri = `qemu+unix:///${kind}?socket=${sockets}/libvirt-sock`;
  const virsh = (...args: string[]) => runCommand('virsh', ['--quiet', '--connect', uri, ...args]);
  const close = async (): Promise<void> => {
    child.stdin.end();
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const signal = AbortSignal.timeout(START_DEADLINE_MS);
    const failed = ended(child).then(async () => {
      throw new Error(
        `libvirtd did not start: ${await readFile(join(folder, 'libvirtd.log'), 'utf8').catch(() => '')}`,
      );
    });
    const answers = connectUnix(sockets, 'libvirt-sock', signal).then((socket) => {
      socket.destroy();
      return virsh('version');
    });
    await abortable(Promise.race([answers, failed]), signal);
    failed.catch(() => undefined);
  } catch (error) {
    await close();
    throw error;
  }
  const domains = async () => (await virsh('list', '--all', '--name')).split('\n').filter((name) => name !== '');
  return { uri, folder, environment, domains, close };
}

const ownKind = () => (process.getuid?.() === 0 ? 'system' : 'session');

/**
 * Where libvirt looks for what is a user's own. Below the configuration it names sockets by addresses of 107 bytes at
 * most.
 */
const sessionIn = (folder: string) => ({
  ...{ HOME: folder, XDG_RUNTIME_DIR: join(folder, 'run') },
  ...{ XDG_CONFIG_HOME: join(folder, 'c'), XDG_CACHE_HOME: join(folder, 'cache') },
});

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
};
