import { type LineReports, restoreFault } from '@vmgrid/bidding';
import type { Manifest } from './warehouse/manifest.ts';

/** Tells why the lines of this host cannot restore an image that is not in the warehouse yet; undefined when they can. */
export const faultHere =
  (lines: LineReports) =>
  (manifest: Manifest): string | undefined =>
    restoreFault(manifest.machine, { manifest }, lines.get(manifest.line));
