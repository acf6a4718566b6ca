import type { CommandRunner } from '@vmgrid/daemon';
import { runTool } from '@vmgrid/host';
import type { LineReport } from '@vmgrid/protocol';
import { GridError } from '@vmgrid/protocol';
import { requireConfinement } from '../confinement/confinement.ts';
import { type AccelerationDeps, type AccelerationOptions, findAcceleration } from './acceleration.ts';
import { DEVICE_LAYOUT, LAYOUT_WITHOUT_AGENT } from './command-line.ts';

/**
 * The processor of every machine: x86-64-v2, which the emulator fully has, and every host with KVM since 2009. With a
 * fixed model a suspended guest can be restored on another host.
 */
const CPU_MODEL = 'Nehalem';
const DISK_FORMATS: LineReport['diskFormats'] = ['raw', 'qcow2'];

export type ProbeOptions = Pick<AccelerationOptions, 'binary' | 'stateDirectory' | 'line' | 'hostIds' | 'userOf'>;

const unavailable = (reason: string): LineReport => ({
  line: 'qemu',
  available: false,
  reason,
  restores: false,
  diskFormats: DISK_FORMATS,
  compatibility: {
    vmm: 'qemu',
    vmmVersion: '',
    accelerator: '',
    machineType: '',
    cpuModel: CPU_MODEL,
    layout: DEVICE_LAYOUT,
  },
});

/** Returns the version of the installed QEMU, and the versioned name behind the machine type `pc`. */
async function askQemu(run: CommandRunner, binary: string, signal: AbortSignal) {
  const options = { run, signal, failure: { code: 'VMM_FAILED', message: 'QEMU does not start here' } } as const;
  const version = await runTool(binary, ['-version'], options);
  const machines = await runTool(binary, ['-machine', 'help'], options);
  const vmmVersion = /version (\S+)/.exec(version)?.[1];
  const machineType = /^pc\s.*\(alias of (\S+)\)/m.exec(machines)?.[1];
  return vmmVersion && machineType ? { vmmVersion, machineType } : undefined;
}

/** Finds out what QEMU can do here. The line is unavailable only without a QEMU; without KVM it emulates. */
export async function probeQemu(
  deps: AccelerationDeps,
  probed: ProbeOptions,
  signal: AbortSignal,
): Promise<LineReport> {
  try {
    await requireConfinement();
    const found = await askQemu(deps.run, probed.binary, signal);
    if (found === undefined) return unavailable(`${probed.binary} does not say which version it is`);
    const options = { ...probed, ...found, cpuModel: CPU_MODEL };
    const { accelerator, reason } = await findAcceleration(deps, options, signal);
    const compatibility = { vmm: 'qemu', ...found, accelerator, cpuModel: CPU_MODEL, layout: DEVICE_LAYOUT };
    const olderLayouts = [LAYOUT_WITHOUT_AGENT];
    return {
      ...{ line: 'qemu', available: true, reason, restores: true, diskFormats: DISK_FORMATS },
      ...{ compatibility, olderLayouts },
    };
  } catch (error) {
    if (error instanceof GridError) return unavailable(error.message);
    throw error;
  }
}
