/** The agent of a simulated guest: it does what the runner would do, and runs other commands in a small shell. */
import { readFile } from 'node:fs/promises';
import { GridError } from '@vmgrid/protocol';
import { readIso } from '../guest/disc/read-iso.ts';
import { type RunnerTask, readRunnerCommand } from '../guest/runner-command.ts';
import type { Guest, Restart } from '../production-line.ts';
import type { Fate } from './faults.ts';
import type { GuestRestarts } from './guest-restarts.ts';
import type { GuestSystem } from './guest-system.ts';
import { DISC_DEVICE } from './layout.ts';
import { LineQueue } from './line-queue.ts';
import { Runner } from './runner.ts';
import { parseScript } from './shell/parse.ts';
import { Shell } from './shell/shell.ts';

export interface SimulatedGuestDeps {
  readonly system: GuestSystem;
  readonly restarts: GuestRestarts;
  readonly fate: Fate;
  /** Returns the disc in the drive. */
  readonly disc: () => string | undefined;
  /** Resolves once the network is open. */
  readonly carrier: Promise<void>;
  /** Writes the guest's changes to the machine's folder. */
  readonly save: () => Promise<void>;
  /** Aborts with GUEST_LOST when the machine ends or is detached. */
  readonly lost: AbortSignal;
}

export class SimulatedGuest implements Guest {
  readonly discDevice = DISC_DEVICE;
  readonly #deps: SimulatedGuestDeps;

  constructor(deps: SimulatedGuestDeps) {
    this.#deps = deps;
  }

  async *run(command: readonly string[], signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    const { lost, restarts, save } = this.#deps;
    const given = new AbortController();
    const stop = AbortSignal.any([signal, lost, restarts.begin(), given.signal]);
    const lines = new LineQueue();
    const done = this.#execute(command, lines, stop)
      .finally(() => (lost.aborted ? undefined : save()))
      .then(
        () => lines.end(),
        (error) => lines.fail(error),
      );
    try {
      yield* lines;
    } finally {
      given.abort(new GridError('CANCELLED', 'nobody reads what the command prints'));
      await done;
    }
  }

  restarted(signal: AbortSignal): Promise<Restart> {
    return this.#deps.restarts.restarted(AbortSignal.any([signal, this.#deps.lost]));
  }

  async #execute(command: readonly string[], lines: LineQueue, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const runner = readRunnerCommand(command);
    if (runner) return this.#runTasks(runner.tasks, lines, signal);
    const [program = '', option, script] = command;
    const text = program.endsWith('/sh') && option === '-c' ? script! : command.map((word) => `'${word}'`).join(' ');
    const emit = (text: string) => lines.push(utf8Of(text));
    const shell = new Shell(this.#deps.system, { variables: {}, exitOnError: false, emit, signal });
    await shell.run(parseScript(Buffer.from(text).toString('latin1')));
    signal.throwIfAborted(); // its last command may have restarted the guest
  }

  async #runTasks(tasks: readonly RunnerTask[], lines: LineQueue, signal: AbortSignal): Promise<void> {
    const path = this.#deps.disc();
    if (path === undefined) throw new GridError('VMM_FAILED', 'there is no disc in the drive of the guest');
    const disc = readIso(await readFile(path));
    const emit = (line: string) => lines.push(`${line}\n`);
    await new Runner({ ...this.#deps, disc, emit, signal }).run(tasks);
  }
}

const utf8Of = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');
