import { Socket } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { ConsoleLog } from '../src/process/console-log.ts';

const folder = useTemporaryFolder();

test.each([
  ['asked', ['login: ', '[ 12.3] reboot: Restar', 'ting system\r\n', 'and on\r\n']],
  ['panic', ['Kernel pan', 'ic - not syncing: Attempted to kill init!\r\n', 'CPU: 0 PID: 1\r\n']],
] as const)('a guest that is about to start anew is heard once, also in pieces: %s', async (how, pieces) => {
  const socket = new Socket(); // never connected: what the guest prints is emitted here
  const console = new ConsoleLog(socket, join(folder(), 'console.log'));
  const heard: string[] = [];
  console.onRestart = (told) => heard.push(told);
  for (const piece of pieces) socket.emit('data', Buffer.from(piece));
  console.close();
  await console.recorded;
  expect(heard).toEqual([how]);
});
