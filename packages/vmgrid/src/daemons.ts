/**
 * Daemons of a grid on one machine, as processes of their own. The command line knows them by their programs only:
 * it hands each a configuration file and waits for the one line of JSON that says it is ready.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { abortable, HEAP_MIB, hasHeapLimit, heapFlags, within } from '@vmgrid/daemon';
import { GridError, late } from '@vmgrid/protocol';
import { execa } from 'execa';

const BUNDLES = join(import.meta.dirname, '../../../dist');

export type DaemonName = 'vmshop' | 'vmbroker' | 'vmplant';

export interface Daemon {
  readonly name: DaemonName;
  readonly pid: number;
  /** What it said when it was ready, such as its addresses. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Resolves with its exit status once it has ended. */
  readonly ended: Promise<number | undefined>;
  /** Asks it to drain and waits until it has ended. */
  stop(): Promise<void>;
}

const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 10_000;

/** The command that runs one of our programs under this very Node. */
export const programCommand = (name: DaemonName | 'simulation'): readonly string[] => [
  process.execPath,
  join(BUNDLES, `${name}.js`),
];

/** Starts a daemon and waits until it is ready. Its log is appended to `logFile`; without one it is our standard error. */
export async function startDaemon(
  name: DaemonName,
  configFile: string,
  config: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
  logFile?: string,
): Promise<Daemon> {
  await mkdir(dirname(configFile), { recursive: true });
  await writeFile(configFile, JSON.stringify(config, null, 2), { mode: 0o600 });
  const [file, ...args] = programCommand(name);
  const heap = hasHeapLimit([], process.env.NODE_OPTIONS) ? [] : heapFlags(Number(config.heapMiB ?? HEAP_MIB[name]));
  const child = execa(file!, [...heap, ...args, '--config', configFile], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: logFile === undefined ? 'inherit' : { file: logFile, append: true },
    reject: false,
    buffer: false,
    detached: true, // a Ctrl-C at the terminal is ours to hand on, once, in order
    forceKillAfterDelay: STOP_DEADLINE_MS,
  });
  const ended = child.then((result) => result.exitCode);
  const starting = Promise.race([
    readyLine(child.stdout),
    ended.then((status) => fail(name, `ended with status ${status} before it was ready; its log has the reason`)),
  ]);
  const limit = { ms: READY_DEADLINE_MS, signal, late: late('DEADLINE_EXCEEDED', `${name} was not ready`, { name }) };
  const ready = await within(limit, (until) => abortable(starting, until)).catch(async (error) => {
    child.kill('SIGKILL');
    await ended;
    throw signal.aborted ? new GridError('CANCELLED', 'stopped by the user') : error;
  });
  return {
    name,
    pid: child.pid!,
    ready,
    ended,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function readyLine(stream: NodeJS.ReadableStream): Promise<Readonly<Record<string, unknown>>> {
  const lines = createInterface({ input: stream });
  for await (const line of lines) return JSON.parse(line);
  return new Promise(() => undefined); // it ended: whoever waits hears that from the process
}

function fail(name: DaemonName, what: string): never {
  throw new GridError('INTERNAL', `${name} ${what}`, { name });
}
