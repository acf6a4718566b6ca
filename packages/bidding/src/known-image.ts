/** The facts of golden images that bids depend on. Matching needs only these; a clone needs the files too. */
import type { CompatibilityRecord, DiskFormat, LineName, MachineSpec } from '@vmgrid/protocol';

export interface ImageFacts {
  readonly id: string;
  /** The machine that was frozen as this image. */
  readonly machine: MachineSpec;
  /**
   * The line that made the image. Only this line can restore its memory; every line with the drivers can boot its disk.
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
    /** Device layouts that the image has drivers for. */
    readonly layouts: readonly string[];
  };
  /** Properties that must be equal on the host that restores it. */
  readonly compatibility?: CompatibilityRecord;
}

export interface RanAction {
  readonly digest: string;
  /** The action's id in the request that ran it. */
  readonly id: string;
  /** When it ended; ISO 8601. */
  readonly ranAt?: string;
  /** Whether a boot of the image's disk preserves everything that the action made. Older images do not say. */
  readonly survivesBoot?: boolean;
  /** In words, the results that a boot loses. */
  readonly lostAtBoot?: readonly string[];
}

export interface KnownImage {
  readonly manifest: ImageFacts;
}
