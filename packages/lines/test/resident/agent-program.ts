/** The resident agent as a program of this host, compiled with sanitizers, on a folder in place of a root. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';

const SOURCES = join(import.meta.dirname, '../../../../agent/src');
const FLAGS = [
  ...['-std=gnu17', '-g', '-O1', '-Wall', '-Wextra', '-Wconversion', '-Wshadow', '-Werror'],
  ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
];
/** The descriptor under which the agent gets its end of the channel. */
const DESCRIPTOR = 3;

/** Compiles the agent into a folder, and returns its path. */
export function compileAgent(folder: string): string {
  const program = join(folder, 'vmgrid-agent');
  const sources = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.c'));
  execFileSync('gcc', [...FLAGS, '-o', program, ...sources.map((name) => join(SOURCES, name))]);
  return program;
}

/** Writes files into a folder that is to be a root. */
export async function makeRoot(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(join(root, 'etc/ssh'), { recursive: true });
  const all = { 'etc/hosts': '127.0.0.1 localhost\n127.0.1.1 golden\n10.0.0.9 friend\n', ...files };
  for (const [path, content] of Object.entries(all)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

export interface AgentProgram {
  /** The host's end of its channel. */
  readonly socket: Socket;
  readonly process: ChildProcess;
  /** Closes the channel. Resolves with the exit status and what the agent, or a sanitizer, printed. */
  end(): Promise<{ readonly status: number | null; readonly printed: string }>;
}

export function startAgent(program: string, root: string, environment: NodeJS.ProcessEnv = {}): AgentProgram {
  const child = spawn(program, ['--port', String(DESCRIPTOR)], {
    env: { ...process.env, ...environment, VMGRID_ROOT: root },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    printed += chunk;
  });
  const ended = once(child, 'close');
  const socket = child.stdio[DESCRIPTOR] as Socket;
  return {
    socket,
    process: child,
    async end() {
      socket.destroy();
      const [status] = await ended;
      return { status, printed };
    },
  };
}
