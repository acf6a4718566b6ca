/**
 * On which lines of a plant an image can be started for a machine, and how: the first of the four tests. Memory is bound to the
 * line that suspended it; a disk serves every line that boots its format and for whose devices it has the drivers.
 */
import type { CompatibilityRecord, LineName, LineReport, MachineSpec } from '@vmgrid/protocol';
import type { KnownImage } from '../known-image.ts';

export type Start = 'restore' | 'boot';

export interface Way {
  readonly line: LineName;
  readonly start: Start;
}

export type LineReports = ReadonlyMap<LineName, LineReport>;

/** Every way there is, restore before boot on each line; none when the image cannot become the machine here. */
export function waysToStart(machine: MachineSpec, image: KnownImage, lines: LineReports): readonly Way[] {
  if (imageFault(machine, image) !== undefined) return [];
  const ways: Way[] = [];
  for (const report of lines.values()) {
    const { line } = report;
    if (!isWanted(machine, line) || lineFault(machine, image, line, report) !== undefined) continue;
    if (restoreFault(machine, image, report) === undefined) ways.push({ line, start: 'restore' });
    ways.push({ line, start: 'boot' });
  }
  return ways;
}

/** Why the image cannot become the machine on any line here; of its lines, what the wanted one or its own says. */
export function machineFault(machine: MachineSpec, image: KnownImage, lines: LineReports): string | undefined {
  const fault = imageFault(machine, image);
  if (fault !== undefined || waysToStart(machine, image, lines).length > 0) return fault;
  const line = machine.line ?? image.manifest.line;
  return lineFault(machine, image, line, lines.get(line));
}

const isWanted = ({ line }: MachineSpec, offered: LineName): boolean => (line ?? offered) === offered;

/** What no line could change. */
function imageFault(machine: MachineSpec, { manifest }: KnownImage): string | undefined {
  const frozen = manifest.machine;
  if (frozen.arch !== machine.arch) return `arch is ${frozen.arch}, wanted ${machine.arch}`;
  if (frozen.os !== machine.os) return `os is ${frozen.os}, wanted ${machine.os}`;
  if (frozen.diskMiB > machine.diskMiB) return `disk is ${frozen.diskMiB} MiB, wanted at most ${machine.diskMiB}`;
  return undefined;
}

/** Why a line cannot boot the image for this machine. */
function lineFault(
  machine: MachineSpec,
  { manifest }: KnownImage,
  line: LineName,
  report: LineReport | undefined,
): string | undefined {
  if (!report?.available) return `the line ${line} does not work on this host`;
  const { compatibility, diskFormats, mostCpus = Number.POSITIVE_INFINITY } = report;
  if (!diskFormats.includes(manifest.diskFormat)) {
    return `its disk is ${manifest.diskFormat}, and the line ${line} boots ${diskFormats.join(', ')} disks`;
  }
  if (!manifest.boot.layouts.includes(compatibility.layout)) {
    const known = manifest.boot.layouts.join(', ');
    return `its base has drivers for the devices ${known}, here they are ${compatibility.layout}`;
  }
  if (machine.cpus > mostCpus)
    return `machines of the line ${line} have at most ${mostCpus} processors, wanted ${machine.cpus}`;
  return undefined;
}

/** Why a suspended image cannot be restored on a line for this machine (its disk may still boot). */
export function restoreFault(
  machine: MachineSpec,
  { manifest }: Pick<KnownImage, 'manifest'>,
  report: LineReport | undefined,
): string | undefined {
  if (!manifest.memory) return 'the image is not suspended';
  if (report !== undefined && report.line !== manifest.line) {
    return `suspended on the line ${manifest.line}, not on ${report.line}`;
  }
  if (!report?.restores) return `the line ${manifest.line} does not restore`;
  const { memoryMiB, cpus } = manifest.machine;
  if (memoryMiB !== machine.memoryMiB) return `suspended with ${memoryMiB} MiB of memory, wanted ${machine.memoryMiB}`;
  if (cpus !== machine.cpus) return `suspended with ${cpus} processors, wanted ${machine.cpus}`;
  return compatibilityFault(manifest.compatibility, report.compatibility);
}

function compatibilityFault(image: CompatibilityRecord | undefined, host: CompatibilityRecord): string | undefined {
  for (const field of ['vmm', 'vmmVersion', 'accelerator', 'machineType', 'cpuModel', 'layout'] as const) {
    if (image?.[field] !== host[field]) return `${field} was ${image?.[field]}, here it is ${host[field]}`;
  }
  return undefined;
}
