import { GridError } from '@vmgrid/protocol';
import type { runTool } from '../../host/run-tool.ts';
import type { LineReport } from '../production-line.ts';
import { findAcceleration } from './acceleration.ts';

/**
 * Processor of every machine: x86-64-v2, which the emulator has in full and every host with KVM since 2009. A fixed model
 * is what lets a suspended guest wake on another host.
 */
const CPU_MODEL = 'Nehalem';

export interface ProbeOptions {
  readonly binary: string;
  readonly stateDirectory: string;
}

const unavailable = (reason: string): LineReport => ({
  line: 'qemu',
  available: false,
  reason,
  restores: false,
  compatibility: { vmm: 'qemu', vmmVersion: '', accelerator: '', machineType: '', cpuModel: CPU_MODEL },
});

/** What the program at hand is: the version it prints, and the versioned name behind the machine type `pc`. */
async function askQemu(tools: typeof runTool, binary: string, signal: AbortSignal) {
  const lines: string[] = [];
  const onLine = (line: string): void => void lines.push(line);
  await tools(binary, ['-version'], { signal, onLine });
  await tools(binary, ['-machine', 'help'], { signal, onLine });
  const text = lines.join('\n');
  const vmmVersion = /version (\S+)/.exec(text)?.[1];
  const machineType = /^pc\s.*\(alias of (\S+)\)/m.exec(text)?.[1];
  return vmmVersion && machineType ? { vmmVersion, machineType } : undefined;
}

/** Finds out what QEMU can do here. Unavailable only without a QEMU: without KVM it emulates. */
export async function probeQemu(
  tools: typeof runTool,
  { binary, stateDirectory }: ProbeOptions,
  signal: AbortSignal,
): Promise<LineReport> {
  try {
    const found = await askQemu(tools, binary, signal);
    if (found === undefined) return unavailable(`${binary} does not say which version it is`);
    const { vmmVersion, machineType } = found;
    const options = { binary, cpuModel: CPU_MODEL, vmmVersion, stateDirectory };
    const { accelerator, reason } = await findAcceleration({ tools }, options, signal);
    const compatibility = { vmm: 'qemu', vmmVersion, accelerator, machineType, cpuModel: CPU_MODEL };
    return { line: 'qemu', available: true, reason, restores: true, compatibility };
  } catch (error) {
    if (error instanceof GridError && error.code === 'TOOL_MISSING') return unavailable(error.message);
    throw error;
  }
}
