import type { LineReports } from '@vmgrid/bidding';
import { type Log, within } from '@vmgrid/daemon';
import { GridError, type LineName, type LineReport, late } from '@vmgrid/protocol';
import type { ProductionLine } from './production-line.ts';
import { type FindImages, trialKernel } from './trial-kernel.ts';

/** Longer than any line's own deadline, which says better what was waited for. */
const PROBE_DEADLINE_MS = 45_000;

export interface ProbedLinesDeps {
  readonly lines: ReadonlyMap<LineName, ProductionLine>;
  readonly images: FindImages;
  readonly log: Pick<Log, 'info'>;
}

/**
 * The abilities of each line on this host, found by trying each for real. A line that does not work here is reported
 * and is not fatal: the plant offers the others.
 */
export class ProbedLines {
  readonly #deps: ProbedLinesDeps;
  readonly #reports = new Map<LineName, LineReport>();
  #tried: 'nothing' | 'without a kernel' | 'all' = 'nothing';

  private constructor(deps: ProbedLinesDeps) {
    this.#deps = deps;
  }

  static async probe(deps: ProbedLinesDeps): Promise<ProbedLines> {
    const probed = new ProbedLines(deps);
    await probed.look();
    return probed;
  }

  /** The reports of the latest probe. */
  get reports(): LineReports {
    return this.#reports;
  }

  /** Whether KVM could be tried: there was a base image with a kernel. */
  get triedKvm(): boolean {
    return this.#tried === 'all';
  }

  /** Probes every line once, and once more when there is a kernel to try KVM with for the first time. */
  async look(): Promise<void> {
    if (this.#tried === 'all') return;
    const hasKernel = trialKernel(await this.#deps.images()) !== undefined;
    if (this.#tried !== 'nothing' && !hasKernel) return;
    for (const line of this.#deps.lines.values()) await this.#probe(line);
    this.#tried = hasKernel ? 'all' : 'without a kernel';
  }

  async #probe(line: ProductionLine): Promise<void> {
    const slow = late('LINE_UNAVAILABLE', `the line ${line.name} could not be tried`, { line: line.name });
    const probe = within({ ms: PROBE_DEADLINE_MS, late: slow }, (until) => line.probe(until));
    const report = await probe.catch((error: unknown) => {
      if (!(error instanceof GridError)) throw error;
      return unavailable(line.name, error);
    });
    this.#reports.set(line.name, report);
    const { available, reason, compatibility } = report;
    this.#deps.log.info({ line: line.name, available, reason, ...compatibility }, 'line probed');
  }
}

/** Makes the report of a line that could not even be tried. */
const unavailable = (line: LineName, { message: reason }: GridError): LineReport => ({
  ...{ line, available: false, reason, restores: false, diskFormats: [] },
  compatibility: { vmm: line, vmmVersion: '', accelerator: '', machineType: '', cpuModel: '', layout: '' },
});
