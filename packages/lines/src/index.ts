/** Production lines make machines, and talk to their guests. */
export {
  type CloneIdentity,
  type GuestIdentity,
  identityAttributes,
  makeCloneIdentity,
} from './guest/clone-identity.ts';
export { type ConfigDiscPlan, type GuestStep, writeConfigDisc } from './guest/disc/config-disc.ts';
export type { FileOnDisk } from './guest/disc/iso-image.ts';
export { ATTRIBUTES_LIMIT_BYTES, parseReportLine, type RunnerEvent } from './guest/report.ts';
export { type RunnerTask, readRunnerCommand, runnerCommand } from './guest/runner-command.ts';
export { LibvirtConfig } from './libvirt/libvirt-config.ts';
export { endOnAnyLine, HOST_LINES, makeLines } from './make-lines.ts';
export { ProbedLines } from './probed-lines.ts';
export type * from './production-line.ts';
export { DEVICE_LAYOUT, LAYOUT_WITHOUT_AGENT } from './qemu/command-line.ts';
export { makeSimulatedBase, SIMULATED_OS, simulatedBaseId } from './simulated/base-image.ts';
export { SimulatedConfig } from './simulated/simulated-config.ts';
export { type FindImages, NO_IMAGES } from './trial-kernel.ts';
