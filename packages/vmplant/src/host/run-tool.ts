import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { GridError } from '@vmgrid/protocol';

/** Lines of a tool's output that are kept for an error message. */
const KEPT_LINES = 20;
const KILL_AFTER_MS = 5_000;

export interface ToolOptions {
  readonly signal: AbortSignal;
  readonly cwd?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Called with every line of either stream as it comes. */
  readonly onLine?: (line: string) => void;
}

/** How a tool ended that was found and could be started. */
export interface ToolResult {
  readonly exitCode: number | undefined;
  readonly signalName: NodeJS.Signals | undefined;
  /** The last lines of both streams. */
  readonly tail: string;
}

/** The Debian package of each program, for the message when it is not there. */
const PACKAGES: Readonly<Record<string, string>> = {
  'qemu-img': 'qemu-utils',
  mmdebstrap: 'mmdebstrap',
  cp: 'coreutils',
};

const killGroup = (pid: number | undefined, signal: NodeJS.Signals): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
};

/**
 * Runs a program of the host to its end, without a shell and in a process group of its own.
 * On abort the whole group gets SIGTERM, then SIGKILL, and the signal's reason is thrown once it is gone.
 * Throws TOOL_MISSING when there is no such program; how it ended is the caller's to judge.
 */
export async function runTool(
  program: string,
  args: readonly string[],
  { signal, cwd, environment, onLine }: ToolOptions,
): Promise<ToolResult> {
  signal.throwIfAborted();
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
    ...(environment === undefined ? {} : { env: environment }),
  });
  const tail: string[] = [];
  const keep = (line: string): void => {
    tail.push(line);
    if (tail.length > KEPT_LINES) tail.shift();
    onLine?.(line);
  };
  createInterface(child.stdout).on('line', keep);
  createInterface(child.stderr).on('line', keep);
  let force: NodeJS.Timeout | undefined;
  const abort = (): void => {
    killGroup(child.pid, 'SIGTERM');
    force = setTimeout(() => killGroup(child.pid, 'SIGKILL'), KILL_AFTER_MS);
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    const [exitCode, signalName] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    signal.throwIfAborted();
    return { exitCode: exitCode ?? undefined, signalName: signalName ?? undefined, tail: tail.join('\n') };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const hint = PACKAGES[program] ?? program;
    throw new GridError('TOOL_MISSING', `${program} is not installed; it is in the package ${hint}`, { program });
  } finally {
    clearTimeout(force);
    signal.removeEventListener('abort', abort);
  }
}
