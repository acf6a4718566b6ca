/** The VMReporter of the paper: describes a VM as a ClassAd. Pure. */
import { ClassAd, parseExpression } from '@vmgrid/classad';
import { adToJson } from '@vmgrid/protocol';
import { type Attributes, mergeAttributes } from '../configuration/attributes.ts';
import type { VmRecord } from './vm.ts';

/** Returns the VM's classad: what the plant knows about it, and the attributes that its actions set. */
export function vmAd(record: VmRecord, plantId: string): ClassAd {
  const own = ClassAd.of(ownAttributes(record, plantId));
  return Object.entries(record.attributes)
    .filter(([name]) => !isReservedAttribute(name))
    .reduce((ad, [name, text]) => ad.with(name, parseExpression(text)), own);
}

/** Returns a VM's classad as JSON while actions run, with the attributes that they have set so far. */
export function describeVm(record: VmRecord, plantId: string, told: Attributes): string {
  const attributes = mergeAttributes(record.attributes, told);
  return JSON.stringify(adToJson(vmAd({ ...record, attributes }, plantId)));
}

function ownAttributes(record: VmRecord, plantId: string) {
  const { machine, failure, destructionFailure, sshPort } = record;
  const totalMs = Object.values(record.phasesMs).reduce((sum, ms) => sum + ms, 0);
  return {
    MyType: 'VirtualMachine',
    VmId: record.vmId,
    RequestId: record.requestId,
    ...(record.owner === undefined ? {} : { Owner: record.owner }),
    State: record.state,
    Plant: plantId,
    Line: record.line,
    Arch: machine.arch,
    Os: machine.os,
    MemoryMiB: machine.memoryMiB,
    Cpus: machine.cpus,
    DiskMiB: machine.diskMiB,
    ImageId: record.imageId,
    Start: record.start,
    ActionsCached: record.actionsCached,
    ActionsRun: record.actionsRun,
    FailedActions: [...record.failedActions],
    HostName: record.hostName,
    MacAddress: record.macAddress,
    ...(sshPort === undefined ? {} : { SshHost: '127.0.0.1', SshPort: sshPort }),
    CreatedAt: record.createdAt,
    ...(record.readyAt === undefined ? {} : { ReadyAt: record.readyAt }),
    LeaseEndsAt: record.leaseEndsAt,
    AtLeaseEnd: record.atLeaseEnd ?? 'destroy',
    PhasesMs: { ...record.phasesMs },
    TotalMs: Math.round(totalMs * 10) / 10,
    ...(failure ? { FailureCode: failure.code, FailureMessage: failure.message } : {}),
    ...(destructionFailure
      ? { DestructionFailureCode: destructionFailure.code, DestructionFailureMessage: destructionFailure.message }
      : {}),
  };
}

/** Names that actions may not set: the plant's own, and names with a meaning in every ClassAd. */
const RESERVED: ReadonlySet<string> = new Set(
  [
    ...[
      'MyType',
      'VmId',
      'RequestId',
      'Owner',
      'State',
      'Plant',
      'Line',
      'Arch',
      'Os',
      'MemoryMiB',
      'Cpus',
      'DiskMiB',
      'ImageId',
    ],
    ...['Start', 'ActionsCached', 'ActionsRun', 'FailedActions', 'HostName', 'MacAddress', 'SshHost', 'SshPort'],
    ...['CreatedAt', 'LeaseEndsAt', 'AtLeaseEnd', 'PhasesMs', 'TotalMs', 'FailureCode', 'FailureMessage'],
    ...['ReadyAt', 'DestructionFailureCode', 'DestructionFailureMessage'],
    ...['MY', 'TARGET', 'PARENT'],
  ].map((name) => name.toLowerCase()),
);

export const isReservedAttribute = (name: string): boolean => RESERVED.has(name.toLowerCase());
