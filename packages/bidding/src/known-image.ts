/**
 * Golden images as far as a bid depends on them, wherever their files are: matching needs the facts, only a clone
 * the files.
 */
import type { CompatibilityRecord, DiskFormat, LineName, MachineSpec } from '@vmgrid/protocol';

export interface ImageFacts {
  readonly id: string;
  /** The machine the image was frozen as. */
  readonly machine: MachineSpec;
  /**
   * The line that made it, and on which alone its memory can be restored; its disk serves every line that has the
   * drivers.
   */
  readonly line: LineName;
  readonly diskFormat: DiskFormat;
  /** ISO 8601. */
  readonly createdAt: string;
  /** The actions that were really run, in order. */
  readonly history: readonly RanAction[];
  /** Present when the image is suspended. */
  readonly memory?: object;
  readonly boot: {
    /** Device layouts for which the image has the drivers. */
    readonly layouts: readonly string[];
  };
  /** What must be equal on the host that restores it. */
  readonly compatibility?: CompatibilityRecord;
}

export interface RanAction {
  readonly digest: string;
  /** Its name in the request that ran it. */
  readonly id: string;
  /** When it ended; ISO 8601. */
  readonly ranAt?: string;
  /**
   * Whether a boot of the image's disk brings back all that it left. Of images made before this was looked at, left
   * out.
   */
  readonly survivesBoot?: boolean;
  /** What a boot loses of it, in words. */
  readonly lostAtBoot?: readonly string[];
}

export interface KnownImage {
  readonly manifest: ImageFacts;
}
