import { join } from 'node:path';
import type { CompatibilityRecord } from '@vmgrid/protocol';
import type { GoldenImage } from '@vmgrid/warehouse';
import type { StartOrder } from '../production-line.ts';
import { FILES, SOCKETS } from './layout.ts';

/**
 * The name of the devices below and their addresses. Change it when they change: a suspended image with another layout
 * is not restored, and a base whose recipe does not list the layout is not booted, because it may lack the drivers. A
 * base that lists this one has the resident agent.
 */
export const DEVICE_LAYOUT = 'pc-virtio-agent-1';
/** Of bases without the resident agent, such as images made for clouds: a port for reports is in its place. */
export const LAYOUT_WITHOUT_AGENT = 'pc-virtio-scsi-1';

/** Whether machines with these devices are spoken to over their resident agent. */
export const hasResidentAgent = ({ layout }: Pick<CompatibilityRecord, 'layout'>): boolean => layout === DEVICE_LAYOUT;

/** Fixed names inside the machine, which monitor commands use later. */
export const DEVICES = {
  disk: 'disk',
  disc: 'disc',
  nic: 'nic0',
  hub: 0,
  agentPort: 'agent',
  card: 'port0',
  /** Where what the card sends goes until the network is opened, see `GATE`. */
  nowhere: 'nowhere',
  gate: 'gate',
  userNetwork: 'user0',
  userPort: 'port1',
} as const;

/** Under QEMU's emulator no processor speculates for the guest, so mitigations would only flush caches. */
const EMULATED_COMMAND_LINE = 'mitigations=off';
/** Returns the kernel's command line for this accelerator. */
export const kernelArguments = (commandLine: string, accelerator: string): string =>
  accelerator === 'tcg' ? `${commandLine} ${EMULATED_COMMAND_LINE}` : commandLine;

/** Upper limit of translated code, in MiB. QEMU's own default is 1 GiB for every machine. */
const TRANSLATION_CACHE_MIB = 256;
/** The address of a golden machine. It is never used on a network: each machine sets its own. */
const PLACEHOLDER_MAC = '02:00:00:00:00:00';

const accelerator = (name: string): string =>
  name === 'tcg' ? `tcg,thread=multi,tb-size=${TRANSLATION_CACHE_MIB}` : name;

/** Returns the file of the image that a machine maps; undefined when it has memory of its own from the start. */
export function goldenMemory({ purpose, start, image }: StartOrder): string | undefined {
  const { memory } = image.manifest;
  if (purpose === 'build' || start !== 'restore' || memory === undefined) return undefined;
  return join(image.directory, memory.memory);
}

/**
 * Returns the guest's memory. A build writes to a file of its own. A clone maps the image's file privately, and gets
 * its own copy of each page that it writes. A machine that is booted or resumed, and is not to be frozen, has no file.
 */
function memoryObject(order: StartOrder, readonlyMapping: boolean): Record<string, unknown> {
  const size = order.machine.memoryMiB * 1_048_576;
  if (order.purpose === 'build') {
    return { 'qom-type': 'memory-backend-file', id: 'mem', size, 'mem-path': FILES.memory, share: true };
  }
  const golden = goldenMemory(order);
  if (golden === undefined) return { 'qom-type': 'memory-backend-ram', id: 'mem', size };
  return {
    'qom-type': 'memory-backend-file',
    id: 'mem',
    size,
    'mem-path': golden,
    share: false,
    ...(readonlyMapping ? { readonly: true, rom: 'off' } : {}),
  };
}

/** An image with its own boot loader is left to the firmware, which finds only one disk. */
function bootArguments({ manifest, baseDirectory }: GoldenImage, { accelerator }: CompatibilityRecord): string[] {
  const { boot } = manifest;
  if (!('kernel' in boot)) return [];
  return [
    ...['-kernel', join(baseDirectory, boot.kernel), '-initrd', join(baseDirectory, boot.initrd)],
    ...['-append', kernelArguments(boot.commandLine, accelerator)],
  ];
}

/**
 * Takes all that the card sends or is sent, so that it has a link, and nobody at its other end. Without it QEMU would
 * hold the first packet until somebody could take it, and all others behind it.
 */
export const GATE = {
  'qom-type': 'filter-redirector',
  id: DEVICES.gate,
  netdev: DEVICES.card,
  queue: 'all',
  outdev: DEVICES.nowhere,
} as const;

/** Where guests have no resident agent, the card has no link until the network is opened. */
const gate = (compatibility: CompatibilityRecord): string[] =>
  hasResidentAgent(compatibility) ? ['-chardev', `null,id=${DEVICES.nowhere}`, '-object', JSON.stringify(GATE)] : [];

const unixSocket = (id: string, path: string): string[] => [
  '-chardev',
  `socket,id=${id},path=${path},server=on,wait=off`,
];

/** The second port of the virtio serial device, after that of the QEMU guest agent. */
function secondPort(compatibility: CompatibilityRecord): string[] {
  const [id, path] = hasResidentAgent(compatibility) ? ['resident', SOCKETS.resident] : ['report', SOCKETS.report];
  const name = hasResidentAgent(compatibility) ? 'org.vmgrid.agent' : 'org.vmgrid.report';
  return [
    ...unixSocket(id, path),
    ...['-device', `virtserialport,bus=serial.0,nr=2,chardev=${id},id=${id},name=${name}`],
  ];
}

const overlay = (): Record<string, unknown> => ({
  'node-name': DEVICES.disk,
  driver: 'qcow2',
  discard: 'unmap',
  file: { driver: 'file', filename: FILES.disk, discard: 'unmap' },
});

/**
 * Returns the arguments of QEMU for one machine. The devices and their addresses are the same for every machine of an
 * image, because the state of a suspended one is loaded into them by name. The network card is connected to a hub,
 * which has no state; the other side of the hub is connected when the network is opened.
 */
export function commandLine(
  order: StartOrder,
  compatibility: CompatibilityRecord,
  { readonlyMapping }: { readonly readonlyMapping: boolean },
): string[] {
  return [
    ...['-no-user-config', '-nodefaults', '-display', 'none', '-S'],
    ...['-machine', `${compatibility.machineType},memory-backend=mem,usb=off,dump-guest-core=off`],
    ...['-accel', accelerator(compatibility.accelerator)],
    // Under KVM a processor that lacks a feature would be another processor, and a suspended guest would miss the
    // feature later.
    ...['-cpu', compatibility.accelerator === 'kvm' ? `${compatibility.cpuModel},enforce` : compatibility.cpuModel],
    ...['-m', `${order.machine.memoryMiB}M`, '-smp', `${order.machine.cpus}`],
    ...['-object', JSON.stringify(memoryObject(order, readonlyMapping))],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ...bootArguments(order.image, compatibility),
    ...unixSocket('monitor', SOCKETS.monitor),
    ...['-mon', 'chardev=monitor,mode=control'],
    ...unixSocket('console', SOCKETS.console),
    ...['-serial', 'chardev:console'],
    ...['-blockdev', JSON.stringify(overlay()), '-device', `virtio-blk-pci,drive=${DEVICES.disk},id=vda,addr=0x3`],
    ...['-device', 'virtio-scsi-pci,id=scsi,addr=0x7', '-device', `scsi-cd,id=${DEVICES.disc},bus=scsi.0`],
    ...['-device', 'virtio-serial-pci,id=serial,addr=0x4'],
    ...unixSocket('agent', SOCKETS.agent),
    ...[
      '-device',
      `virtserialport,bus=serial.0,nr=1,chardev=agent,id=${DEVICES.agentPort},name=org.qemu.guest_agent.0`,
    ],
    ...secondPort(compatibility),
    ...['-object', 'rng-builtin,id=rng', '-device', 'virtio-rng-pci,rng=rng,addr=0x5'],
    ...['-netdev', `hubport,id=${DEVICES.card},hubid=${DEVICES.hub}`],
    ...gate(compatibility),
    ...['-device', `virtio-net-pci,netdev=${DEVICES.card},id=${DEVICES.nic},mac=${PLACEHOLDER_MAC},romfile=,addr=0x6`],
    ...(order.start === 'boot' ? [] : ['-incoming', 'defer']),
  ];
}
