/**
 * The four tests that decide whether a golden image can become the machine asked for: machine, subset, prefix,
 * partial order. Pure: manifests in, verdicts out; no file is touched.
 */
import { type DagIndex, type HistoryTest, type Match, type Mismatch, matchHistory } from '@vmgrid/dag';
import type { CompatibilityRecord, LineName, LineReport, MachineSpec } from '@vmgrid/protocol';
import type { KnownImage } from '../known-image.ts';

export type Start = 'restore' | 'boot';

/** An image that passed, and the ways it can be started for this request. */
export interface Candidate {
  readonly kind: 'candidate';
  readonly image: KnownImage;
  readonly match: Match;
  readonly starts: readonly Start[];
  /** Why it cannot be restored, when it can only be booted. */
  readonly whyNotRestore?: string;
}

/** An image that failed, with its first failed test. */
export type Miss =
  | { readonly kind: 'miss'; readonly imageId: string; readonly test: 'machine'; readonly reason: string }
  | {
      readonly kind: 'miss';
      readonly imageId: string;
      readonly test: HistoryTest;
      readonly mismatch: Mismatch;
    };

export type LineReports = ReadonlyMap<LineName, LineReport>;

export function matchImage(
  machine: MachineSpec,
  dag: DagIndex,
  image: KnownImage,
  lines: LineReports,
): Candidate | Miss {
  const { manifest } = image;
  const reason = machineFault(machine, image, lines);
  if (reason !== undefined) return { kind: 'miss', imageId: manifest.id, test: 'machine', reason };
  const match = matchHistory(
    dag,
    manifest.history.map((entry) => entry.digest),
  );
  if (!match.matches) return { kind: 'miss', imageId: manifest.id, test: match.test, mismatch: match };
  const whyNotRestore = restoreFault(machine, image, lines.get(manifest.line));
  if (whyNotRestore === undefined) return { kind: 'candidate', image, match, starts: ['restore', 'boot'] };
  return { kind: 'candidate', image, match, starts: ['boot'], whyNotRestore };
}

/** Why the image's disk cannot serve this machine at all. */
export function machineFault(machine: MachineSpec, { manifest }: KnownImage, lines: LineReports): string | undefined {
  const frozen = manifest.machine;
  if (frozen.arch !== machine.arch) return `arch is ${frozen.arch}, wanted ${machine.arch}`;
  if (frozen.os !== machine.os) return `os is ${frozen.os}, wanted ${machine.os}`;
  if (machine.line !== undefined && machine.line !== manifest.line) {
    return `line is ${manifest.line}, wanted ${machine.line}`;
  }
  const line = lines.get(manifest.line);
  if (!line?.available) return `the line ${manifest.line} does not work on this host`;
  const { layout } = line.compatibility;
  if (!manifest.boot.layouts.includes(layout)) {
    return `its base has drivers for the devices ${manifest.boot.layouts.join(', ')}, here they are ${layout}`;
  }
  if (frozen.diskMiB > machine.diskMiB) return `disk is ${frozen.diskMiB} MiB, wanted at most ${machine.diskMiB}`;
  return undefined;
}

/** Why a suspended image cannot be restored for this machine (it can still be booted). */
export function restoreFault(
  machine: MachineSpec,
  { manifest }: KnownImage,
  line: LineReport | undefined,
): string | undefined {
  if (!manifest.memory) return 'the image is not suspended';
  if (!line?.restores) return `the line ${manifest.line} does not restore`;
  const { memoryMiB, cpus } = manifest.machine;
  if (memoryMiB !== machine.memoryMiB) return `suspended with ${memoryMiB} MiB of memory, wanted ${machine.memoryMiB}`;
  if (cpus !== machine.cpus) return `suspended with ${cpus} processors, wanted ${machine.cpus}`;
  return compatibilityFault(manifest.compatibility, line.compatibility);
}

function compatibilityFault(image: CompatibilityRecord | undefined, host: CompatibilityRecord): string | undefined {
  for (const field of ['vmm', 'vmmVersion', 'accelerator', 'machineType', 'cpuModel', 'layout'] as const) {
    if (image?.[field] !== host[field]) return `${field} was ${image?.[field]}, here it is ${host[field]}`;
  }
  return undefined;
}
