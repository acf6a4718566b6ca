/** Between connecting to a machine and listening to it something is waited for, and the machine may end meanwhile. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { connectUnix, listenUnix } from '../../host/src/unix-socket.ts';
import { QgaClient } from '../src/guest/qga-client.ts';
import { ReportChannel } from '../src/guest/report-channel.ts';
import { ConsoleLog } from '../src/process/console-log.ts';
import { QmpClient } from '../src/qemu/qmp/qmp-client.ts';

const folder = useTemporaryFolder();
const signal = AbortSignal.timeout(60_000);
let server: Server;
let socket: Socket;

beforeEach(async () => {
  server = await listenUnix(folder(), 'machine.sock', signal);
  socket = await connectUnix(folder(), 'machine.sock', signal);
  const closed = once(socket, 'close');
  socket.destroy();
  await closed;
});
afterEach(() => new Promise((closed) => server.close(closed)));

test('a monitor that is closed by then is an end of the machine', async () => {
  await expect(QmpClient.open(socket, { signal })).rejects.toThrow('QEMU ended during greeting');
});

test('an agent whose channel is closed by then is asked nothing', async () => {
  await expect(new QgaClient(socket).execute('guest-ping', {}, signal)).rejects.toMatchObject({ code: 'GUEST_LOST' });
});

test('a report channel that is closed by then ends the run', async () => {
  const report = new ReportChannel(socket);
  report.announce();
  await expect(report.lines(signal).next()).rejects.toMatchObject({ code: 'GUEST_LOST' });
});

test('a console that is closed by then is recorded to its end', async () => {
  const path = join(folder(), 'console.log');
  await new ConsoleLog(socket, path).recorded;
  expect(await readFile(path, 'utf8')).toBe('');
});
