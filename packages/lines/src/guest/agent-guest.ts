import { setTimeout } from 'node:timers/promises';
import { endsWithin } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { Guest, Restart } from '../production-line.ts';
import type { QgaClient } from './qga-client.ts';
import { abandonScript, endedScript, REPORT_SCRIPT, type ReportChannel, TAKE_OVER_SCRIPT } from './report-channel.ts';

export interface AgentGuestDeps {
  readonly agent: Pick<QgaClient, 'execute'>;
  readonly report: ReportChannel;
}

export interface AgentGuestOptions {
  /** The device under which the guest sees the disc drive. */
  readonly discDevice: string;
  /** `unknown` when a run that an earlier plant started may still be in progress in the guest. */
  readonly earlierRun: 'ended' | 'unknown';
  /** Milliseconds between looks whether a run is still there. */
  readonly watchMs?: number;
}

/** An action may kill its runner, and the agent with it. Neither the port nor the agent tells of that by itself. */
const WATCH_MS = 15_000;

const ABANDON_DEADLINE_MS = 5_000;
const REAP_DEADLINE_MS = 5_000;
/** Most runs whose results are asked for again: a guest that claims that they never end is not believed for ever. */
const MAX_UNREAPED = 4;

/**
 * A guest that is reached over its agent, which starts commands, and over the report port, on which they print. One run
 * at a time.
 */
export class AgentGuest implements Guest {
  readonly discDevice: string;
  readonly #agent: AgentGuestDeps['agent'];
  readonly #report: ReportChannel;
  readonly #watchMs: number;
  #earlierRun: AgentGuestOptions['earlierRun'];
  /** Processes in the guest whose results its agent may still keep. */
  #unreaped: number[] = [];

  constructor({ agent, report }: AgentGuestDeps, { discDevice, earlierRun, watchMs = WATCH_MS }: AgentGuestOptions) {
    this.#agent = agent;
    this.#report = report;
    this.discDevice = discDevice;
    this.#earlierRun = earlierRun;
    this.#watchMs = watchMs;
  }

  async *run(command: readonly string[], signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    const token = this.#report.announce();
    const script = this.#earlierRun === 'ended' ? REPORT_SCRIPT : TAKE_OVER_SCRIPT;
    this.#earlierRun = 'unknown';
    let isGone = false;
    const over = new AbortController();
    try {
      const pid = await this.#start(['-c', script, 'vmgrid', token, ...command], signal);
      if (pid !== undefined) void this.#watch(pid, token, AbortSignal.any([signal, over.signal]));
      yield* this.#report.lines(signal);
      this.#earlierRun = 'ended';
    } catch (error) {
      isGone = error instanceof GridError && error.code === 'GUEST_RESTARTED';
      throw error;
    } finally {
      over.abort();
      if (isGone) this.#unreaped = [];
      else if (this.#earlierRun === 'unknown') await this.#abandon(token);
      else void this.#reap();
    }
  }

  restarted(signal: AbortSignal): Promise<Restart> {
    return this.#report.restarted(signal);
  }

  /**
   * Ends the report of a run whose process is gone. A reader may leave a run for good without a word, so the watch ends
   * with the machine too.
   */
  async #watch(pid: number, token: string, signal: AbortSignal): Promise<void> {
    try {
      do await setTimeout(this.#watchMs, undefined, { signal, ref: false });
      while (!(await this.#mayBeGone(pid, signal)));
      await this.#start(['-c', endedScript(pid, token)], signal);
    } catch {
      // The run has ended, or the machine.
    }
  }

  /** An agent that was started anew refuses to tell of what the one before it had started. */
  async #mayBeGone(pid: number, signal: AbortSignal): Promise<boolean> {
    try {
      const status = await this.#agent.execute('guest-exec-status', { pid }, signal);
      return ((status ?? {}) as { readonly exited?: unknown }).exited === true;
    } catch (error) {
      if (error instanceof GridError && error.code === 'GUEST_UNREACHABLE') return true;
      throw error;
    }
  }

  async #start(arg: readonly string[], signal: AbortSignal): Promise<number | undefined> {
    const started = await this.#agent.execute('guest-exec', { path: '/bin/sh', arg }, signal);
    const { pid } = (started ?? {}) as { readonly pid?: unknown };
    if (typeof pid !== 'number') return undefined;
    this.#unreaped = [...this.#unreaped, pid].slice(-MAX_UNREAPED);
    return pid;
  }

  /** Makes a best effort: the machine may have ended, or be about to. */
  async #abandon(token: string): Promise<void> {
    const abandoned = endsWithin({ ms: ABANDON_DEADLINE_MS }, (until) =>
      this.#start(['-c', abandonScript(token)], until),
    );
    await abandoned.catch(() => undefined);
  }

  /** The agent keeps the result of each process until it is asked for it. Nobody waits for this work. */
  async #reap(): Promise<void> {
    await endsWithin({ ms: REAP_DEADLINE_MS }, async (until) => {
      for (const pid of this.#unreaped) {
        const status = await this.#agent.execute('guest-exec-status', { pid }, until).catch(() => ({ exited: true }));
        const { exited } = (status ?? {}) as { readonly exited?: unknown };
        if (exited === true) this.#unreaped = this.#unreaped.filter((other) => other !== pid);
      }
    });
  }
}
