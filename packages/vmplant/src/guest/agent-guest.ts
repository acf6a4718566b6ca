import type { Guest } from '../lines/production-line.ts';
import type { QgaClient } from './qga-client.ts';
import { REPORT_SCRIPT, type ReportChannel } from './report-channel.ts';

export interface AgentGuestDeps {
  readonly agent: QgaClient;
  readonly report: ReportChannel;
}

/** A guest reached over its agent, which starts commands, and over the report port, on which they print. */
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
    await this.#agent.execute('guest-exec', { path: '/bin/sh', arg }, signal);
    yield* this.#report.lines(signal);
  }
}
