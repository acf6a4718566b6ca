/** A libvirtd of a test's own, beside the host's if it has one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { abortable, runCommand } from '../../packages/daemon/src/index.ts';
import { connectUnix } from '../../packages/vmplant/src/host/unix-socket.ts';

const SCRIPT = join(import.meta.dirname, 'private-libvirtd.sh');
const START_DEADLINE_MS = 60_000;

export interface PrivateLibvirtd {
  readonly uri: string;
  /** Names of the domains that libvirt knows, running or not. */
  domains(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Starts libvirtd; as root it is one of the system, else of the user. Resolves when it answers. */
export async function startLibvirtd(kind = process.getuid?.() === 0 ? 'system' : 'session'): Promise<PrivateLibvirtd> {
  const folder = await mkdtemp(join(tmpdir(), 'vmgrid-libvirtd-'));
  const command = kind === 'system' ? ['unshare', '--mount', 'sh', SCRIPT, kind, folder] : ['sh', SCRIPT, kind, folder];
  const child = spawn(command[0]!, command.slice(1), { stdio: ['pipe', 'ignore', 'inherit'] });
  const uri = `qemu+unix:///${kind}?socket=${folder}/libvirt-sock`;
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
    const answers = connectUnix(folder, 'libvirt-sock', signal).then((socket) => {
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
  return { uri, domains, close };
}

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
};
