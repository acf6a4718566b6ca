import { restoreFault } from '@vmgrid/bidding';
import type { ProbedLines } from '@vmgrid/lines';
import type { LineReport } from '@vmgrid/protocol';
import type { Manifest } from '@vmgrid/warehouse';

/**
 * Makes the function that returns why the lines of this host cannot restore an image that is not in the warehouse yet;
 * undefined when they can, or when that is unknown because KVM could not be tried.
 */
export const faultHere =
  (probed: Pick<ProbedLines, 'reports' | 'triedKvm'>) =>
  (manifest: Manifest): string | undefined => {
    const report = probed.reports.get(manifest.line);
    return restoreFault(
      manifest.machine,
      { manifest },
      probed.triedKvm ? report : report && likewise(report, manifest),
    );
  };

/** Returns the report as if the line ran guests in the way in which the image was made. */
const likewise = (report: LineReport, { compatibility }: Manifest): LineReport =>
  compatibility === undefined
    ? report
    : { ...report, compatibility: { ...report.compatibility, accelerator: compatibility.accelerator } };
