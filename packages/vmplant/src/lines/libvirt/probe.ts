import { join } from 'node:path';
import { type CommandRunner, isTimeout, within } from '@vmgrid/daemon';
import { type CompatibilityRecord, GridError, type LineReport } from '@vmgrid/protocol';
import { HOST_ID_RANGE, probeUserOf } from '../host-user.ts';
import { probeQemu } from '../qemu/probe.ts';
import { refuseLongPath } from './layout.ts';
import type { LibvirtHost } from './libvirt-host.ts';

export interface ProbeDeps {
  readonly host: LibvirtHost;
  readonly run: CommandRunner;
  /** XML of a machine that is never started, on this host. */
  readonly sample: (compatibility: CompatibilityRecord) => { readonly uuid: string; readonly xml: string };
}
export interface ProbeOptions {
  readonly uri: string;
  readonly stateDirectory: string;
}

/** libvirtd looks at the hypervisors there are before it answers for the first time. */
export const PROBE_DEADLINE_MS = 25_000;

/** An id as long as that of every VM. */
const ANY_VM = 'vm-00000000-0000-0000-0000-000000000000';

const NOTHING: CompatibilityRecord = {
  vmm: 'libvirt',
  vmmVersion: '',
  accelerator: '',
  machineType: '',
  cpuModel: '',
  layout: '',
};

/** What the line is wherever it runs. */
const LINE = { line: 'libvirt', restores: false, diskFormats: ['raw', 'qcow2'] } as const;

const unavailable = (reason: string): LineReport => ({
  ...{ ...LINE, diskFormats: [...LINE.diskFormats], available: false, reason, compatibility: NOTHING },
});

/** Finds out what libvirt can do here: connects, and has it take a machine's description. */
export async function probeLibvirt(
  { host, run, sample }: ProbeDeps,
  { uri, stateDirectory }: ProbeOptions,
  signal: AbortSignal,
): Promise<LineReport> {
  if (isForeign(uri))
    return unavailable(`${uri} runs machines as other users: a plant that is not root needs qemu:///session`);
  const deadline = within(signal, PROBE_DEADLINE_MS);
  try {
    refuseLongPath(join(stateDirectory, 'vms', ANY_VM));
    const versions = await host.virsh.versions(deadline);
    const { compatibility, reason } = await findCompatibility(uri, { run, stateDirectory }, deadline);
    const { uuid, xml } = sample(compatibility);
    await host.connection.define(xml, deadline);
    await host.virsh.undefine(uuid, deadline);
    const vmmVersion = `${versions.libvirt}, ${versions.hypervisor}`;
    return {
      ...{ ...LINE, diskFormats: [...LINE.diskFormats], available: true, reason },
      compatibility: { ...compatibility, vmm: 'libvirt', vmmVersion },
    };
  } catch (error) {
    if (!signal.aborted && isTimeout(deadline))
      return unavailable(`libvirt did not answer within ${PROBE_DEADLINE_MS} ms`);
    if (!(error instanceof GridError)) throw error;
    return unavailable(error.message);
  }
}

const schemeOf = (uri: string): string => new URL(uri).protocol.slice(0, -1);
const isQemu = (uri: string): boolean => /^qemu(\+|$)/.test(schemeOf(uri));

const isForeign = (uri: string): boolean =>
  isQemu(uri) && new URL(uri).pathname === '/system' && process.getuid?.() !== 0;

/** Behind a `qemu` URI is the QEMU of this host; how others run their guests is their template's matter. */
async function findCompatibility(
  uri: string,
  { run, stateDirectory }: { readonly run: CommandRunner; readonly stateDirectory: string },
  signal: AbortSignal,
): Promise<{ readonly compatibility: CompatibilityRecord; readonly reason: string }> {
  if (!isQemu(uri)) return { compatibility: { ...NOTHING, accelerator: schemeOf(uri) }, reason: '' };
  const options = { binary: 'qemu-system-x86_64', stateDirectory, user: probeUserOf(HOST_ID_RANGE) };
  const { available, compatibility, reason } = await probeQemu(run, options, signal);
  if (!available) throw new GridError('LINE_UNAVAILABLE', reason);
  return { compatibility, reason };
}
