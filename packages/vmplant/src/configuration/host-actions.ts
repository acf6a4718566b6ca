/**
 * Host actions: executables in one folder, put there by the operator. A client names one and gives arguments; it never
 * sends code for the host. They run without a shell, as nobody when the plant is root, with the VM's classad on
 * standard input. Time and output are limited, and so is the memory of each of their programs.
 */
import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hostActionRefusal } from '@vmgrid/bidding';
import { runCommand } from '@vmgrid/daemon';
import { exhaustionOf, GridError } from '@vmgrid/protocol';

/** User and group of host actions when the plant runs as root (`nobody`). */
const NOBODY = 65_534;
const runsAsNobody = (): boolean => process.getuid?.() === 0;

export interface HostActionCall {
  readonly name: string;
  readonly arguments: readonly string[];
  /** JSON form of the VM's classad. */
  readonly standardInput: string;
  readonly timeoutMs: number;
}

/** Memory for the data of a host action, and of each program that it starts. */
const MEMORY_MIB = 1_024;
const MIB = 1_048_576;

export class HostActions {
  readonly #directory: string | undefined;
  readonly #memoryMiB: number;

  constructor(directory: string | undefined, { memoryMiB = MEMORY_MIB } = {}) {
    this.#directory = directory;
    this.#memoryMiB = memoryMiB;
  }

  /** Returns the names of the host actions. */
  async names(): Promise<readonly string[]> {
    if (this.#directory === undefined) return [];
    const names = await readdir(this.#directory).catch(missingFolder(this.#directory));
    const usable = await Promise.all(names.map((name) => this.#isExecutable(name)));
    return names.filter((_, index) => usable[index]).sort();
  }

  /** @throws GridError HOST_ACTION_UNKNOWN, which names each missing one */
  async requireAll(wanted: readonly string[]): Promise<void> {
    const refusal = hostActionRefusal(wanted, await this.names());
    if (refusal) throw refusal;
  }

  /** Runs a host action; resolves with its output. @throws CommandError */
  async run(call: HostActionCall, signal: AbortSignal): Promise<string> {
    await this.requireAll([call.name]);
    const limits = ['--core=0', `--data=${this.#memoryMiB * MIB}`];
    return runCommand('prlimit', [...limits, '--', join(this.#directory!, call.name), ...call.arguments], {
      signal,
      timeoutMs: call.timeoutMs,
      input: call.standardInput,
      cwd: '/',
      environment: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' },
      ...(runsAsNobody() ? { uid: NOBODY, gid: NOBODY } : {}),
    });
  }

  async #isExecutable(name: string): Promise<boolean> {
    const path = join(this.#directory!, name);
    try {
      await access(path, constants.X_OK);
      const found = await stat(path);
      return found.isFile() && (!runsAsNobody() || (found.mode & constants.S_IXOTH) !== 0);
    } catch {
      return false;
    }
  }
}

const missingFolder = (directory: string) => (cause: unknown) => {
  if (exhaustionOf(cause) !== undefined) throw cause; // the folder is not what is wrong
  throw new GridError('CONFIG_INVALID', `the host-action folder ${directory} cannot be read`, { directory }, { cause });
};
