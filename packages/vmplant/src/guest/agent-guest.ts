import type { Guest } from '../lines/production-line.ts';
import type { QgaClient } from './qga-client.ts';
import { ABANDON_SCRIPT, REPORT_SCRIPT, type ReportChannel } from './report-channel.ts';

export interface AgentGuestDeps {
  readonly agent: QgaClient;
  readonly report: ReportChannel;
}

const ABANDON_DEADLINE_MS = 5_000;

/** A guest reached over its agent, which starts commands, and over the report port, on which they print. One run at a time. */
export class AgentGuest implements Guest {
  readonly discDevice: string;
  readonly #agent: QgaClient;
  readonly #report: ReportChannel;

  constructor({ agent, report }: AgentGuestDeps, { discDevice }: { discDevice: string }) {
    this.#agent = agent;
    this.#report = report;
    this.discDevice = discDevice;
  }

  async *run(command: readonly string[], signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    const token = this.#report.announce();
    const arg = ['-c', REPORT_SCRIPT, 'vmgrid', token, ...command];
    let ended = false;
    try {
      await this.#agent.execute('guest-exec', { path: '/bin/sh', arg }, signal);
      yield* this.#report.lines(signal);
      ended = true;
    } finally {
      if (!ended) await this.#abandon();
    }
  }

  /** As well as it goes: the machine may be gone, or about to be. */
  async #abandon(): Promise<void> {
    const arg = ['-c', ABANDON_SCRIPT];
    const deadline = AbortSignal.timeout(ABANDON_DEADLINE_MS);
    await this.#agent.execute('guest-exec', { path: '/bin/sh', arg }, deadline).catch(() => undefined);
  }
}
