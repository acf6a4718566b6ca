import { join } from 'node:path';
import { bootId, type CommandRunner, readFileIfAny, within, writeFileAtomically } from '@vmgrid/daemon';
import { type CompatibilityRecord, GridError, type LineReport, late } from '@vmgrid/protocol';
import { HOST_ID_RANGE, kvmAccess } from '../host-user.ts';
import type { AccelerationOptions } from '../qemu/acceleration.ts';
import { probeQemu } from '../qemu/probe.ts';
import type { FindImages } from '../trial-kernel.ts';
import { refuseLongPath } from './layout.ts';
import type { LibvirtHost } from './libvirt-host.ts';
import { lookUpsFault } from './look-ups.ts';

export interface ProbeDeps {
  readonly host: LibvirtHost;
  readonly run: CommandRunner;
  /** XML of a machine that is never started, on this host. */
  readonly sample: (compatibility: CompatibilityRecord) => { readonly uuid: string; readonly xml: string };
}
export interface ProbeOptions {
  readonly uri: string;
  readonly stateDirectory: string;
  /** Images to find a kernel among that KVM can be tried with. */
  readonly images: FindImages;
  /** The user that a machine of an image runs as: libvirt gives it no groups beyond that one's own. */
  readonly userOf: AccelerationOptions['userOf'];
}

/** How machines are run, and why not faster. */
interface Found {
  readonly compatibility: CompatibilityRecord;
  readonly reason: string;
}

/** Where it is noted what libvirt took, and which libvirt that was. */
interface Kept {
  readonly kept: { readonly path: string; readonly vmmVersion: string };
}

/** An id as long as that of every VM. */
const ANY_VM = 'vm-00000000-0000-0000-0000-000000000000';

const TAKEN_FILE = 'libvirt-taken.json';

/**
 * libvirtd looks at the hypervisors there are before it answers for the first time. One that asks QEMU at each look-up
 * does so twice for each device of the sample.
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

/** What the line is wherever it runs. */
const LINE = { line: 'libvirt', restores: false, diskFormats: ['raw', 'qcow2'] } as const;

const unavailable = (reason: string): LineReport => ({
  ...{ ...LINE, diskFormats: [...LINE.diskFormats], available: false, reason, compatibility: NOTHING },
});

/** Finds out what libvirt can do here: connects, and has it take a machine's description. */
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
 * Has libvirt take a machine's description, unless it took the same before: that costs it many look-ups. One that has
 * no KVM, though this plant's user has, takes it as emulated.
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

/** Asking for the versions makes libvirt look up what QEMU can do. */
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

/** Behind a `qemu` URI is the QEMU of this host; how others run their guests is their template's matter. */
async function findCompatibility(
  run: CommandRunner,
  { uri, images, ...options }: ProbeOptions,
  signal: AbortSignal,
): Promise<Found> {
  if (!isQemu(uri)) return { compatibility: { ...NOTHING, accelerator: schemeOf(uri) }, reason: '' };
  const probed = { ...options, binary: 'qemu-system-x86_64', line: LINE.line, hostIds: HOST_ID_RANGE };
  const { available, compatibility, reason } = await probeQemu({ run, images }, probed, signal);
  if (!available) throw new GridError('LINE_UNAVAILABLE', reason);
  return { compatibility, reason };
}
