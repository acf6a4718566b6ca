/**
 * Decides on which lines of a plant an image can be started for a machine, and how: the first of the four tests. Memory
 * is bound to the line that suspended it; a disk serves every line that boots its format and for whose devices it has
 * drivers.
 */
import type { CompatibilityRecord, LineName, LineReport, MachineSpec } from '@vmgrid/protocol';
import type { KnownImage } from '../known-image.ts';

export type Start = 'restore' | 'boot';

export interface Way {
  readonly line: LineName;
  readonly start: Start;
}

export type LineReports = ReadonlyMap<LineName, LineReport>;

/**
 * Returns every way that preserves all that the image's history made, on each line restore before boot; empty when
 * there is none here.
 */
export function waysToStart(machine: MachineSpec, image: KnownImage, lines: LineReports): readonly Way[] {
  if (imageFault(machine, image) !== undefined) return [];
  const ways: Way[] = [];
  for (const report of lines.values()) {
    const { line } = report;
    if (!isWanted(machine, line) || lineFault(machine, image, { line, report }) !== undefined) continue;
    if (restoreFault(machine, image, report) === undefined) ways.push({ line, start: 'restore' });
    if (bootFault(image) === undefined) ways.push({ line, start: 'boot' });
  }
  return ways;
}

/**
 * Returns why the image cannot become the machine on any line here, in the words of the wanted line or of the image's
 * own.
 */
export function machineFault(machine: MachineSpec, image: KnownImage, lines: LineReports): string | undefined {
  const fault = imageFault(machine, image);
  if (fault !== undefined || waysToStart(machine, image, lines).length > 0) return fault;
  const able = [...lines.values()].find(
    (report) =>
      isWanted(machine, report.line) && lineFault(machine, image, { line: report.line, report }) === undefined,
  );
  if (able) return noStart(machine, image, able);
  const line = machine.line ?? image.manifest.line;
  return lineFault(machine, image, { line, report: lines.get(line) });
}

/** Returns why neither start is possible on a line that could boot the image's disk. */
const noStart = (machine: MachineSpec, image: KnownImage, report: LineReport): string =>
  `it cannot be restored: ${restoreFault(machine, image, report)}; nor booted: ${bootFault(image)}`;

const isWanted = ({ line }: MachineSpec, offered: LineName): boolean => (line ?? offered) === offered;

/** Returns a fault that no line could change. */
function imageFault(machine: MachineSpec, { manifest }: KnownImage): string | undefined {
  const frozen = manifest.machine;
  if (frozen.arch !== machine.arch) return `arch is ${frozen.arch}, wanted ${machine.arch}`;
  if (frozen.os !== machine.os) return `os is ${frozen.os}, wanted ${machine.os}`;
  if (frozen.diskMiB > machine.diskMiB) return `disk is ${frozen.diskMiB} MiB, wanted at most ${machine.diskMiB}`;
  const unmarked = manifest.history.find(({ survivesBoot }) => survivesBoot === undefined);
  if (unmarked === undefined) return undefined;
  return `it does not say what ${unmarked.id} told and left running: an earlier version made it, build it again`;
}

/** Returns why a boot of the disk would lose some of what its history made. */
export function bootFault({ manifest }: Pick<KnownImage, 'manifest'>): string | undefined {
  const lost = manifest.history.find(({ survivesBoot }) => survivesBoot === false);
  if (lost === undefined) return undefined;
  const [first = 'something', ...rest] = lost.lostAtBoot ?? [];
  return `a boot loses what ${lost.id} left: ${first}${rest.length === 0 ? '' : ` and ${rest.length} more`}`;
}

/** Returns why a line cannot boot the image for this machine. */
function lineFault(
  machine: MachineSpec,
  { manifest }: KnownImage,
  { line, report }: { readonly line: LineName; readonly report: LineReport | undefined },
): string | undefined {
  if (report === undefined) return `the plant is not configured for the line ${line}`;
  if (!report.available)
    return `the line ${line} does not work on this host: the plant's log and \`vmgrid doctor\` say why`;
  const { compatibility, diskFormats, mostCpus = Number.POSITIVE_INFINITY } = report;
  if (!diskFormats.includes(manifest.diskFormat)) {
    return `its disk is ${manifest.diskFormat}, and the line ${line} boots ${diskFormats.join(', ')} disks`;
  }
  if (layoutFor(report, manifest) === undefined) {
    const known = manifest.boot.layouts.join(', ');
    return `its base has drivers for the devices ${known}, here they are ${compatibility.layout}`;
  }
  if (machine.cpus > mostCpus)
    return `machines of the line ${line} have at most ${mostCpus} processors, wanted ${machine.cpus}`;
  return undefined;
}

/** Returns why a suspended image cannot be restored on a line for this machine; its disk may still boot. */
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
  return compatibilityFault(manifest.compatibility, report);
}

function compatibilityFault(
  image: CompatibilityRecord | undefined,
  { compatibility: host, olderLayouts = [] }: LineReport,
): string | undefined {
  for (const field of ['vmm', 'vmmVersion', 'accelerator', 'machineType', 'cpuModel', 'layout'] as const) {
    const isOlder = field === 'layout' && image !== undefined && olderLayouts.includes(image.layout);
    if (image?.[field] !== host[field] && !isOlder) return `${field} was ${image?.[field]}, here it is ${host[field]}`;
  }
  return undefined;
}

/** Returns the newest devices of a line that the disk of an image has drivers for. */
const layoutFor = (
  { compatibility, olderLayouts = [] }: LineReport,
  { boot }: Pick<KnownImage['manifest'], 'boot'>,
): string | undefined => [compatibility.layout, ...olderLayouts].find((layout) => boot.layouts.includes(layout));

/**
 * Returns the hardware of a machine that a line starts from an image: a restored one has the devices that it was
 * suspended with.
 */
export function hardwareFor(
  report: LineReport,
  manifest: Pick<KnownImage['manifest'], 'boot' | 'compatibility'>,
  start: Start,
): CompatibilityRecord {
  const { compatibility } = report;
  const layout = start === 'restore' ? manifest.compatibility?.layout : layoutFor(report, manifest);
  return { ...compatibility, layout: layout ?? compatibility.layout };
}
