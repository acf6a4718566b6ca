/** Against libvirt's own test driver, which needs no daemon, and against a binding whose connection breaks. */

import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import type { NativeConnection } from '../../src/libvirt/api/binding.ts';
import { LibvirtConnection } from '../../src/libvirt/api/connection.ts';
import { domainIdOf } from '../../src/libvirt/domain/domain-id.ts';
import { DomainTemplate, type DomainValues } from '../../src/libvirt/domain/domain-template.ts';
import { makeLibvirtLine } from '../../src/libvirt/make-libvirt-line.ts';

const { name, uuid } = domainIdOf('vm-test');
const XML = `<domain type='test'><name>${name}</name><uuid>${uuid}</uuid><memory unit='MiB'>64</memory>
  <os><type>hvm</type></os></domain>`;
const SHIPPED = join(import.meta.dirname, '../../src/libvirt/domain/domain.xml');
const VALUES: DomainValues = {
  ...{ name, uuid, domainType: 'test', machineType: 'pc', cpuModel: 'Nehalem', memoryMiB: 64, cpus: 1 },
  ...{ disk: '/disk', consoleSocket: '/c', reportSocket: '/r', macAddress: '02:00:00:00:00:01', restrict: 'on' },
};
const OPERATORS_TEMPLATE = `<domain type='{{domainType}}'>
  <name>{{name}}</name><uuid>{{uuid}}</uuid><memory unit='MiB'>{{memoryMiB}}</memory><vcpu>{{cpus}}</vcpu>
  <os><type>hvm</type></os>
  <devices>
    <disk type='file' device='disk'><source file='{{disk}}'/><target dev='vda'/></disk>
    <serial type='unix'><source mode='bind' path='{{reportSocket}}'/></serial>
  </devices>
</domain>`;
const folder = useTemporaryFolder();
const signal = NO_DEADLINE;

let connection: LibvirtConnection | undefined;
afterEach(() => connection?.close());
const testDriver = () => {
  connection = new LibvirtConnection({}, { uri: 'test:///default' });
  return connection;
};

test('a domain that was defined is off, runs when it was started, and is off again when it was ended', async () => {
  const libvirt = testDriver();
  await libvirt.define(uuid, XML, signal);
  expect(await libvirt.state(uuid, signal)).toBe('off');
  await libvirt.start(uuid, signal);
  expect(await libvirt.state(uuid, signal)).toBe('running');
  await libvirt.end(uuid, signal);
  expect(await libvirt.state(uuid, signal)).toBe('off');
});

test('a machine of the shipped template is taken, runs and is ended', async () => {
  const template = new DomainTemplate(readFileSync(SHIPPED, 'utf8'), SHIPPED);
  const libvirt = testDriver();
  await libvirt.define(uuid, template.render(VALUES), signal);
  await libvirt.start(uuid, signal);
  expect(await libvirt.state(uuid, signal)).toBe('running');
  await libvirt.end(uuid, signal);
  expect(await libvirt.state(uuid, signal)).toBe('off');
});

test("the line works with another hypervisor by a template of its operator's, and says why not by one that it does not take", async () => {
  const probe = async (domainTemplate: string) => {
    const libvirt = { uri: 'test:///default', domainTemplate };
    const { available, reason, compatibility } = await makeLibvirtLine({}, { stateDirectory: folder(), libvirt }).probe(
      signal,
    );
    return { available, reason, accelerator: compatibility.accelerator };
  };
  const mine = join(folder(), 'mine.xml');
  await writeFile(mine, OPERATORS_TEMPLATE);
  expect(await probe(mine)).toEqual({ available: true, reason: '', accelerator: 'test' });
  expect(await probe(SHIPPED)).toMatchObject({ available: false, reason: expect.stringContaining('no model') });
});

test('to end what does not run, or is not there, is to have ended it', async () => {
  const libvirt = testDriver();
  await libvirt.end(uuid, signal);
  await libvirt.define(uuid, XML, signal);
  await libvirt.end(uuid, signal);
  expect(await libvirt.state(domainIdOf('another').uuid, signal)).toBeUndefined();
});

test('a refusal is VMM_FAILED in the words of libvirt; an address that leads nowhere too', async () => {
  const refused = await testDriver().define(uuid, '<domain>', signal).catch(GridError.from);
  expect(refused).toMatchObject({ code: 'VMM_FAILED', details: { uri: 'test:///default' } });
  expect((refused as GridError).message).toContain('could not define a domain: ');
  await expect(testDriver().start(domainIdOf('another').uuid, signal)).rejects.toMatchObject({ code: 'VMM_FAILED' });
  const nowhere = new LibvirtConnection({}, { uri: 'qemu+unix:///system?socket=/nowhere' });
  await expect(nowhere.state(uuid, signal)).rejects.toThrow('/nowhere');
});

/** Counts its connections; the first answers with the words of a libvirtd that went away. */
function breakingBinding() {
  const opened: string[] = [];
  const open = async (uri: string): Promise<NativeConnection> => {
    opened.push(uri);
    const broken = opened.length === 1;
    return {
      connectOpen: async () => undefined,
      connectClose: async () => undefined,
      domainDefineXML: () => Promise.reject(new Error('not asked for')),
      domainLookupByUUIDString: async () => {
        if (broken) throw new Error('internal error: client socket is closed');
        return { ...NO_CALLS, getInfo: async () => ({ state: 3 }) };
      },
    };
  };
  return { open, opened };
}
const NO_CALLS = { create: nothing, destroy: nothing, resume: nothing };
async function nothing(): Promise<void> {}

test('when libvirtd was restarted, a call is made again on a new connection', async () => {
  const { open, opened } = breakingBinding();
  const libvirt = new LibvirtConnection({ open }, { uri: 'test:///mine' });
  expect(await libvirt.state(uuid, signal)).toBe('paused');
  expect(await libvirt.state(uuid, signal)).toBe('paused');
  expect(opened).toEqual(['test:///mine', 'test:///mine']);
});

test('calls that libvirt does not answer end when they are called off, and leave room for file operations', async () => {
  const asked: string[] = [];
  const hung = new Promise<never>(() => undefined);
  const open = async (): Promise<NativeConnection> => ({
    connectOpen: nothing,
    connectClose: nothing,
    domainDefineXML: () => hung,
    domainLookupByUUIDString: (id) => {
      asked.push(id);
      return hung;
    },
  });
  const libvirt = new LibvirtConnection({ open }, { uri: 'test:///hung' });
  const stop = new AbortController();
  const calls = ['1', '2', '3', '4'].map((id) => libvirt.state(id, stop.signal));
  const reason = new Error('enough');
  setTimeout(() => stop.abort(reason), 20);
  expect(await Promise.allSettled(calls)).toEqual(calls.map(() => ({ status: 'rejected', reason })));
  expect(asked).toEqual(['1', '2']);
});

/** A domain of a libvirt that answers when the test says so; what was asked of it, in order. */
function slowBinding() {
  const asked: string[] = [];
  const found = Promise.withResolvers<void>();
  const created = Promise.withResolvers<void>();
  let looked = 0;
  let runs = false;
  const domain = {
    ...NO_CALLS,
    create: async () => {
      asked.push('create');
      await created.promise;
      runs = true;
    },
    destroy: async () => {
      asked.push('destroy');
      if (!runs) throw new Error('Requested operation is not valid: domain is not running');
      runs = false;
    },
    getInfo: async () => ({ state: runs ? 1 : 5 }),
  };
  const open = async (): Promise<NativeConnection> => ({
    connectOpen: nothing,
    connectClose: nothing,
    domainDefineXML: async () => domain,
    domainLookupByUUIDString: async () => {
      looked += 1;
      if (looked === 1) await found.promise;
      return domain;
    },
  });
  return { asked, found, created, libvirt: new LibvirtConnection({ open }, { uri: 'test:///slow' }) };
}

test('a start that is aborted while its domain is looked for starts nothing', async () => {
  const { asked, found, libvirt } = slowBinding();
  const stop = new AbortController();
  const starting = libvirt.start(uuid, stop.signal);
  stop.abort(new Error('enough'));
  await expect(starting).rejects.toThrow('enough');
  found.resolve();
  await libvirt.end(uuid, signal);
  expect(await libvirt.state(uuid, signal)).toBe('off');
  expect(asked).not.toContain('create');
});

test('a domain whose start was aborted too late to be held back is ended after it', async () => {
  const { asked, found, created, libvirt } = slowBinding();
  found.resolve();
  const stop = new AbortController();
  const starting = libvirt.start(uuid, stop.signal);
  while (asked.length === 0) await new Promise(setImmediate);
  stop.abort(new Error('enough'));
  await expect(starting).rejects.toThrow('enough');
  const ending = libvirt.end(uuid, signal);
  while (asked.length === 1) await new Promise(setImmediate);
  created.resolve();
  await ending;
  expect(asked).toEqual(['create', 'destroy', 'destroy']);
  expect(await libvirt.state(uuid, signal)).toBe('off');
});

test('without the native package the line says how to get it', async () => {
  const open = () => Promise.reject(new GridError('LINE_UNAVAILABLE', 'install libvirt-dev'));
  const libvirt = new LibvirtConnection({ open }, { uri: 'test:///default' });
  await expect(libvirt.state(uuid, signal)).rejects.toMatchObject({ code: 'LINE_UNAVAILABLE' });
});
