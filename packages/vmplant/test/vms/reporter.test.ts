import { expect, test } from '@jest/globals';
import { evaluateAttribute, toJsValue } from '@vmgrid/classad';
import { adToJson, GridError } from '@vmgrid/protocol';
import { isReservedAttribute, vmAd } from '../../src/vms/reporter.ts';
import { recordOf } from './made-up-records.ts';

test('a VM is described by what its plant knows of it', () => {
  expect(toJsValue(vmAd(recordOf(), 'plant-1'))).toEqual({
    MyType: 'VirtualMachine',
    VmId: 'vm-1',
    RequestId: 'request-1',
    State: 'running',
    Plant: 'plant-1',
    Line: 'qemu',
    Arch: 'x86_64',
    Os: 'debian-12',
    MemoryMiB: 256,
    Cpus: 1,
    DiskMiB: 2048,
    ImageId: 'octave',
    Start: 'restore',
    ActionsCached: 2,
    ActionsRun: 1,
    FailedActions: [],
    HostName: 'vm-1',
    MacAddress: '02:00:00:00:00:01',
    SshHost: '127.0.0.1',
    SshPort: 40_022,
    CreatedAt: '2026-01-01T00:00:00.000Z',
    LeaseEndsAt: '2026-01-01T04:00:00.000Z',
    AtLeaseEnd: 'destroy',
    PhasesMs: { overlay: 10.1, restore: 80.2 },
    TotalMs: 90.3,
  });
});

test('a VM that cannot be reached yet names no address', () => {
  const { sshPort: _, ...unreached } = recordOf({ state: 'configuring' });
  const ad = adToJson(vmAd(unreached, 'plant-1'));
  expect([ad.SshHost, ad.SshPort]).toEqual([undefined, undefined]);
});

test('a failed VM says with which code and why', () => {
  const failure = new GridError('ACTION_FAILED', 'octave ended with exit status 100').toBody();
  expect(adToJson(vmAd(recordOf({ state: 'failed', failure, failedActions: ['octave'] }), 'plant-1'))).toMatchObject({
    State: 'failed',
    FailedActions: ['octave'],
    FailureCode: 'ACTION_FAILED',
    FailureMessage: 'octave ended with exit status 100',
  });
});

test('attributes that actions set are expressions, over the VM as well', () => {
  const attributes = { OctaveVersion: '"9.2"', MemoryGiB: 'MemoryMiB / 1024.0', Ports: '{ 80, 443 }' };
  const ad = vmAd(recordOf({ attributes }), 'plant-1');
  expect(toJsValue(evaluateAttribute(ad, 'OctaveVersion'))).toBe('9.2');
  expect(toJsValue(evaluateAttribute(ad, 'memorygib'))).toBe(0.25);
  expect(adToJson(ad)).toMatchObject({ OctaveVersion: '9.2', Ports: [80, 443] });
});

test('a classad crosses the wire as JSON', () => {
  const ad = adToJson(vmAd(recordOf(), 'plant-1'));
  expect(JSON.parse(JSON.stringify(ad))).toEqual(ad);
  expect(ad.VmId).toBe('vm-1');
});

test('what a machine needs to be found again stays on the plant', () => {
  const record = recordOf({ machineState: { pid: 4711 }, secret: true });
  expect(adToJson(vmAd(record, 'plant-1'))).toEqual(adToJson(vmAd(recordOf(), 'plant-1')));
});

test('no action may set an attribute that is the plant’s own, in whatever spelling', () => {
  const failure = new GridError('ACTION_FAILED', 'no').toBody();
  const own = vmAd(recordOf({ failure }), 'plant-1').names();
  expect(own.filter((name) => !isReservedAttribute(name))).toEqual([]);
  expect(own.filter((name) => !isReservedAttribute(name.toUpperCase()))).toEqual([]);
});

test('names that mean something in every ClassAd are reserved, others are free', () => {
  const names = ['MY', 'target', 'Parent', 'OctaveVersion', 'VmIdentity', 'constructor', '__proto__'];
  expect(names.filter(isReservedAttribute)).toEqual(['MY', 'target', 'Parent']);
});
