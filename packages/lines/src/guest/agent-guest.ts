import { endsWithin } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { Guest, Restart } from '../production-line.ts';
import type { QgaClient } from './qga-client.ts';
import { abandonScript, REPORT_SCRIPT, type ReportChannel, TAKE_OVER_SCRIPT } from './report-channel.ts';

export interface AgentGuestDeps {
  readonly agent: Pick<QgaClient, 'execute'>;
  readonly report: ReportChannel;
}

export interface AgentGuestOptions {
  /** The device under which the guest sees the disc drive. */
  readonly discDevice: string;
  /** `unknown` when a run that an earlier plant started may still be in progress in the guest. */
  readonly earlierRun: 'ended' | 'unknown';
}

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
  #earlierRun: AgentGuestOptions['earlierRun'];
  /** Processes in the guest whose results its agent may still keep. */
  #unreaped: number[] = [];

  constructor({ agent, report }: AgentGuestDeps, { discDevice, earlierRun }: AgentGuestOptions) {
    this.#agent = agent;
    this.#report = report;
    this.discDevice = discDevice;
    this.#earlierRun = earlierRun;
  }

  async *run(command: readonly string[], signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    const token = this.#report.announce();
    const script = this.#earlierRun === 'ended' ? REPORT_SCRIPT : TAKE_OVER_SCRIPT;
    this.#earlierRun = 'unknown';
    let isGone = false;
    try {
      await this.#start(['-c', script, 'vmgrid', token, ...command], signal);
      yield* this.#report.lines(signal);
      this.#earlierRun = 'ended';
    } catch (error) {
      isGone = error instanceof GridError && error.code === 'GUEST_RESTARTED';
      throw error;
    } finally {
      if (isGone) this.#unreaped = [];
      else if (this.#earlierRun === 'unknown') await this.#abandon(token);
      else void this.#reap();
    }
  }

  restarted(signal: AbortSignal): Promise<Restart> {
    return this.#report.restarted(signal);
  }

  async #start(arg: readonly string[], signal: AbortSignal): Promise<void> {
    const started = await this.#agent.execute('guest-exec', { path: '/bin/sh', arg }, signal);
    const { pid } = (started ?? {}) as { readonly pid?: unknown };
    if (typeof pid === 'number') this.#unreaped = [...this.#unreaped, pid].slice(-MAX_UNREAPED);
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
