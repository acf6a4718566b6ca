import { join } from 'node:path';
import { bootId, type CommandRunner, readFileIfAny, within, writeFileAtomically } from '@vmgrid/daemon';
import { type CompatibilityRecord, GridError, type LineReport, late } from '@vmgrid/protocol';
import { HOST_ID_RANGE, kvmAccess } from '../process/host-user.ts';
import type { AccelerationOptions } from '../qemu/acceleration.ts';
import { LAYOUT_WITHOUT_AGENT } from '../qemu/command-line.ts';
import { probeQemu } from '../qemu/probe.ts';
import type { FindImages } from '../trial-kernel.ts';
import type { LibvirtHost } from './api/libvirt-host.ts';
import { lookUpsFault } from './api/look-ups.ts';
import { refuseLongPath } from './layout.ts';

export interface ProbeDeps {
  readonly host: LibvirtHost;
  readonly run: CommandRunner;
  /** XML of a machine on this host that is never started. */
  readonly sample: (compatibility: CompatibilityRecord) => { readonly uuid: string; readonly xml: string };
}
export interface ProbeOptions {
  readonly uri: string;
  readonly stateDirectory: string;
  /** Images with a kernel to try KVM with. */
  readonly images: FindImages;
  /** The user of an image's machine. libvirt gives it no further groups. */
  readonly userOf: AccelerationOptions['userOf'];
}

/** How machines run, and why not faster. */
interface Found {
  readonly compatibility: CompatibilityRecord;
  readonly reason: string;
}

/** The file that records the XML that libvirt accepted, and the version of libvirt that did. */
interface Kept {
  readonly kept: { readonly path: string; readonly vmmVersion: string };
}

/** An id with the length of every VM's id. */
const ANY_VM = 'vm-00000000-0000-0000-0000-000000000000';

const TAKEN_FILE = 'libvirt-taken.json';

/**
 * libvirtd inspects the installed hypervisors before its first answer. If it asks QEMU at each lookup, it does so twice
 * for each device of the sample.
 */
const PROBE_DEADLINE_MS = 40_000;

const NOTHING: CompatibilityRecord = {
  vmm: 'libvirt',
  vmmVersion: '',
  accelerator: '',
  machineType: '',
  cpuModel: '',
  layout: '',
};

/** Properties of the line on every host. */
const LINE = { line: 'libvirt', restores: false, diskFormats: ['raw', 'qcow2'] } as const;

const unavailable = (reason: string): LineReport => ({
  ...{ ...LINE, diskFormats: [...LINE.diskFormats], available: false, reason, compatibility: NOTHING },
});

/** Finds out what libvirt can do here: connects, and lets it define a sample machine. */
export async function probeLibvirt(deps: ProbeDeps, options: ProbeOptions, signal: AbortSignal): Promise<LineReport> {
  const { uri } = options;
  if (isForeign(uri))
    return unavailable(`${uri} runs machines as other users: a plant that is not root needs qemu:///session`);
  let slow = '';
  const limit = { ms: PROBE_DEADLINE_MS, signal, late: late('LINE_UNAVAILABLE', 'libvirt did not answer') };
  try {
    return await within(limit, async (until) => {
      refuseLongPath(join(options.stateDirectory, 'vms', ANY_VM));
      const { versions, ...lookUps } = await lookUpTwice(deps.host, until);
      if (isQemu(uri)) slow = lookUpsFault(lookUps);
      return tryLibvirt(deps, { ...options, vmmVersion: `${versions.libvirt}, ${versions.hypervisor}`, slow }, until);
    });
  } catch (error) {
    if (!(error instanceof GridError)) throw error;
    return unavailable(joined(error.message, slow));
  }
}

async function tryLibvirt(
  deps: ProbeDeps,
  { vmmVersion, slow, ...options }: ProbeOptions & { readonly vmmVersion: string; readonly slow: string },
  signal: AbortSignal,
): Promise<LineReport> {
  const found = await findCompatibility(deps.run, options, signal);
  const kept = { path: join(options.stateDirectory, TAKEN_FILE), vmmVersion };
  const { compatibility, reason } = await haveTaken(deps, { ...found, kept }, signal);
  return {
    ...{ ...LINE, diskFormats: [...LINE.diskFormats], available: true, reason: joined(reason, slow) },
    compatibility: { ...compatibility, vmm: 'libvirt', vmmVersion },
  };
}

const joined = (...reasons: readonly string[]): string => reasons.filter((one) => one !== '').join('; ');

/**
 * Lets libvirt define a sample machine, unless it accepted the same before, because that needs many lookups. If libvirt
 * has no KVM although the plant's user has, the sample is emulated.
 */
async function haveTaken(deps: ProbeDeps, { kept, ...found }: Found & Kept, signal: AbortSignal): Promise<Found> {
  const { uuid, xml } = deps.sample(found.compatibility);
  const taken = JSON.stringify({ bootId: bootId(), vmmVersion: kept.vmmVersion, access: kvmAccess(), xml });
  if ((await readFileIfAny(kept.path)) === taken) return found;
  try {
    await deps.host.connection.define(uuid, xml, signal);
  } catch (error) {
    if (found.compatibility.accelerator !== 'kvm' || !(error instanceof GridError)) throw error;
    const emulated = { ...found.compatibility, accelerator: 'tcg' };
    return haveTaken(deps, { compatibility: emulated, reason: error.message, kept }, signal);
  }
  await deps.host.virsh.undefine(uuid, signal);
  await writeFileAtomically(kept.path, taken);
  return found;
}

/** Asking for the versions makes libvirt look up QEMU's capabilities. */
async function lookUpTwice({ virsh }: LibvirtHost, signal: AbortSignal) {
  const startedAt = performance.now();
  const versions = await virsh.versions(signal);
  const between = performance.now();
  await virsh.versions(signal);
  return { versions, firstMs: between - startedAt, secondMs: performance.now() - between };
}

const schemeOf = (uri: string): string => new URL(uri).protocol.slice(0, -1);
const isQemu = (uri: string): boolean => /^qemu(\+|$)/.test(schemeOf(uri));

const isForeign = (uri: string): boolean =>
  isQemu(uri) && new URL(uri).pathname === '/system' && process.getuid?.() !== 0;

/** A `qemu` URI runs the QEMU of this host. For other hypervisors the template decides how guests run. */
async function findCompatibility(
  run: CommandRunner,
  { uri, images, ...options }: ProbeOptions,
  signal: AbortSignal,
): Promise<Found> {
  if (!isQemu(uri)) return { compatibility: { ...NOTHING, accelerator: schemeOf(uri) }, reason: '' };
  const probed = { ...options, binary: 'qemu-system-x86_64', line: LINE.line, hostIds: HOST_ID_RANGE };
  const { available, compatibility, reason } = await probeQemu({ run, images }, probed, signal);
  if (!available) throw new GridError('LINE_UNAVAILABLE', reason);
  // A domain has no port for the resident agent.
  return { compatibility: { ...compatibility, layout: LAYOUT_WITHOUT_AGENT }, reason };
}
