/**
 * Starts the daemons of a grid on one machine as separate processes. The command line knows only their programs: it
 * gives each a configuration file and waits for the line of JSON that says it is ready.
 */
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { abortable, HEAP_MIB, hasHeapLimit, heapFlags, makeFolder, within } from '@vmgrid/daemon';
import { GridError, late } from '@vmgrid/protocol';
import { execa } from 'execa';

/** The folder of the programs of an install. */
export const BUNDLES = join(import.meta.dirname, '../../../../dist');

export type DaemonName = 'vmshop' | 'vmbroker' | 'vmplant';

export interface Daemon {
  readonly name: DaemonName;
  readonly pid: number;
  /** The daemon's ready line, with its addresses for example. */
  readonly ready: Readonly<Record<string, unknown>>;
  /** Resolves with the exit status once the daemon has ended. */
  readonly ended: Promise<number | undefined>;
  /** Asks the daemon to drain, and waits until it has ended. */
  stop(): Promise<void>;
}

const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 10_000;

/** Returns the command that runs one of our programs with this Node. */
export const programCommand = (name: DaemonName | 'simulation'): readonly string[] => [
  process.execPath,
  join(BUNDLES, `${name}.js`),
];

/** Writes the configuration of a daemon, starts it and waits until it is ready. Its log is appended to `logFile`. */
export async function startDaemon(order: Omit<DaemonOrder, 'overrides'>, signal: AbortSignal): Promise<Daemon> {
  const { configFile, config } = order;
  makeFolder(dirname(configFile), 0o755);
  await writeFile(configFile, JSON.stringify(config, null, 2), { mode: 0o600 });
  return launchDaemon(order, signal);
}

export interface DaemonOrder {
  readonly name: DaemonName;
  readonly configFile: string;
  /** Fields of the file that matter for the start. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Fields that override those of the file. */
  readonly overrides?: Readonly<Record<string, unknown>>;
  /** Left out, the log goes to our standard error. */
  readonly logFile?: string | undefined;
}

/** Starts a daemon and waits until it is ready. @throws GridError of the daemon, when it cannot run */
export async function launchDaemon(order: DaemonOrder, signal: AbortSignal): Promise<Daemon> {
  const { name, configFile, config, overrides = {}, logFile } = order;
  const [file, ...args] = programCommand(name);
  const heap = hasHeapLimit([], process.env.NODE_OPTIONS) ? [] : heapFlags(Number(config.heapMiB ?? HEAP_MIB[name]));
  const child = execa(file!, [...heap, ...args, '--config', configFile, '--override', JSON.stringify(overrides)], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: logFile === undefined ? 'inherit' : { file: logFile, append: true },
    reject: false,
    buffer: false,
    detached: true, // a Ctrl-C at the terminal is ours to hand on, once, in order
    forceKillAfterDelay: STOP_DEADLINE_MS,
  });
  const ended = child.then((result) => result.exitCode);
  const starting = readyLine(name, child.stdout).then(
    (ready) =>
      ready ??
      ended.then((status) => fail(name, `ended with status ${status} before it was ready; its log has the reason`)),
  );
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

/**
 * Returns the first line of a daemon; undefined when it ends without one. @throws GridError with which the daemon says
 * that it cannot start
 */
async function readyLine(name: DaemonName, stream: NodeJS.ReadableStream): Promise<Daemon['ready'] | undefined> {
  for await (const line of createInterface({ input: stream })) {
    const { error, ...ready } = JSON.parse(line);
    if (error === undefined) return ready;
    throw GridError.fromBody({ ...error, message: `${name}: ${error.message}` });
  }
  return undefined;
}

function fail(name: DaemonName, what: string): never {
  throw new GridError('INTERNAL', `${name} ${what}`, { name });
}
