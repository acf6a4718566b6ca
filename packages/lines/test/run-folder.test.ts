import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { connectUnix, listenUnix, removeSockets } from '../../host/src/unix-socket.ts';
import { logTail, spawnVmm } from '../src/process/spawn-vmm.ts';
import { closeChannels, openChannels } from '../src/qemu/channels.ts';
import { collectFiles } from '../src/qemu/freeze.ts';
import { SOCKETS } from '../src/qemu/layout.ts';

/**
 * `run` belongs to QEMU, whose guest may have broken out of it. As root QEMU has a user of its own; else everything is
 * one user's, and what is asserted holds all the same.
 */
const uid = process.getuid?.() === 0 ? 0x7fff_0001 : undefined;
const signal = AbortSignal.timeout(60_000);
let machine: string;
let run: string;
/** A file of the plant's that nothing may be written to, nor read from. */
let victim: string;
let servers: Server[] = [];

beforeEach(async () => {
  machine = await mkdtemp(join(tmpdir(), 'vmgrid-run-folder-'));
  run = join(machine, 'run');
  victim = join(machine, 'victim');
  await chmod(machine, 0o711);
  await mkdir(run, { mode: 0o700 });
  await writeFile(victim, 'secret', { mode: 0o600 });
  if (uid !== undefined) await chown(run, uid, uid);
});

afterEach(async () => {
  for (const server of servers) server.close();
  servers = [];
  await rm(machine, { recursive: true, force: true });
});

/** Does what a guest that broke out of its QEMU can do. */
function asQemu(command: string): void {
  const user = uid === undefined ? {} : { uid, gid: uid };
  const { status, stderr } = spawnSync('sh', ['-c', command], { cwd: run, ...user });
  if (status !== 0) throw new Error(stderr.toString());
}

async function expectVictimUntouched(): Promise<void> {
  expect(await readFile(victim, 'utf8')).toBe('secret');
  const { uid: owner, mode } = await stat(victim);
  expect([owner, mode & 0o777]).toEqual([process.getuid?.(), 0o600]);
}

async function listen(name: string, onConnection: (socket: Socket) => void): Promise<void> {
  const server = await listenUnix(run, name, signal);
  server.on('connection', onConnection);
  servers.push(server);
}

test('the console is recorded beside run, and a link that QEMU laid in its place is not followed', async () => {
  asQemu('ln -s ../victim console.log');
  await listen(SOCKETS.monitor, (socket) => {
    socket.write('{"QMP": {}}\n');
    socket.on('data', (data) => socket.write(`{"return": {}, "id": ${JSON.parse(data.toString()).id}}\n`));
  });
  for (const name of [SOCKETS.agent, SOCKETS.report]) await listen(name, () => undefined);
  const written = Promise.withResolvers<void>();
  await listen(SOCKETS.console, (socket) => socket.end('from the guest\n', () => written.resolve()));
  const channels = await openChannels(machine, 'none', signal);
  await written.promise;
  await channels.console.recorded;
  closeChannels(channels);
  await expectVictimUntouched();
  expect(await readFile(join(machine, 'console.log'), 'utf8')).toBe('from the guest\n');
});

test("QEMU's log is beside run: a link in run is neither written to nor read", async () => {
  asQemu('ln -s ../victim qemu.log');
  const args = ['-c', 'echo its own words; echo again >&2'];
  const { ended } = await spawnVmm({
    ...{ program: '/bin/sh', args, folder: run, user: undefined },
    log: join(machine, 'qemu.log'),
  });
  await ended;
  await expectVictimUntouched();
  expect(await logTail(join(machine, 'qemu.log'))).toBe('its own words\nagain');
});

test('a log without end is read from near its end', async () => {
  await writeFile(join(machine, 'qemu.log'), `${'x'.repeat(1_000_000)}\nlast`);
  const tail = await logTail(join(machine, 'qemu.log'));
  expect(tail.length).toBeLessThan(100_000);
  expect(tail.endsWith('x\nlast')).toBe(true);
});

const state = () => ({
  process: { pid: 1, startTime: 1, bootId: '' },
  directory: machine,
  purpose: 'build' as const,
  guestNetwork: 'isolated' as const,
  uid,
  parentDisk: '../base/disk',
  parentFormat: 'raw',
  compatibility: { vmm: '', vmmVersion: '', accelerator: '', machineType: '', cpuModel: '', layout: '' },
});

test.each(['ln -s ../victim', 'mkdir', 'mkfifo'])(
  'a disk made by %s does not become part of an image',
  async (make) => {
    asQemu(`${make} disk.qcow2; echo > memory.bin`);
    await expect(collectFiles(state(), async () => '', signal)).rejects.toMatchObject({ code: 'VMM_FAILED' });
    await expectVictimUntouched();
  },
);

test('disk and memory of a frozen machine become files of the plant', async () => {
  asQemu('echo disk > disk.qcow2; echo memory > memory.bin');
  await writeFile(join(machine, 'device.state'), 'state');
  expect(await collectFiles(state(), async () => '', signal)).toEqual({
    disk: 'disk.qcow2',
    diskFormat: 'qcow2',
    memory: { memory: 'memory.bin', state: 'device.state' },
  });
  expect((await stat(join(machine, 'disk.qcow2'))).uid).toBe(process.getuid?.());
  expect(await readdir(run)).toEqual([]);
});

test("a socket that is a link is not connected to: it could be another machine's", async () => {
  await listen('other.sock', (socket) => socket.destroy());
  asQemu('ln -s other.sock qmp.sock');
  await expect(connectUnix(run, 'qmp.sock', signal)).rejects.toMatchObject({ code: 'VMM_FAILED' });
});

test('a folder named like a socket keeps nobody from clearing away', async () => {
  asQemu('mkdir odd.sock; echo > qmp.sock');
  await removeSockets(run);
  expect(await readdir(run)).toEqual(['odd.sock']);
});

test('a socket that was listened on goes with its listener', async () => {
  const server = await listenUnix(machine, 'save.sock', signal);
  server.close();
  await once(server, 'close');
  expect(await readdir(machine)).not.toContain('save.sock');
});
