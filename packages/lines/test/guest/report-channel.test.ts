import { Socket } from 'node:net';
import { beforeEach, expect, test } from '@jest/globals';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { ReportChannel } from '../../src/guest/report-channel.ts';
import { MAX_RUN_BYTES, MAX_RUN_LINES } from '../../src/guest/run-lines.ts';

const signal = NO_DEADLINE;
let socket: Socket;
let channel: ReportChannel;

beforeEach(() => {
  // Never connected: what the guest writes is emitted by the test.
  socket = new Socket();
  channel = new ReportChannel(socket);
});

const say = (text: string): boolean => socket.emit('data', Buffer.from(text));

async function read(): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of channel.lines(signal)) lines.push(line);
  return lines;
}

test('the lines of a run are those between its first and its last', async () => {
  const token = channel.announce();
  say(`stale\nrun ${token}\none\r\ntwo\nran ${token} 0\n`);
  expect(await read()).toEqual(['one', 'two']);
});

test('a run in a guest that starts anew ends with GUEST_RESTARTED, after the lines that came before', async () => {
  const token = channel.announce();
  say(`run ${token}\none\n`);
  const lines = channel.lines(signal);
  channel.guestRestarted('asked');
  expect(await lines.next()).toMatchObject({ value: 'one' });
  await expect(lines.next()).rejects.toMatchObject({ code: 'GUEST_RESTARTED' });
  expect(await channel.restarted(signal)).toBe('asked');
  const next = channel.announce();
  say(`run ${next}\nagain\nran ${next} 0\n`);
  expect(await read()).toEqual(['again']);
});

test('a run that delivers more than the limit ends with GUEST_UNREACHABLE, which names the limit', async () => {
  const token = channel.announce();
  say(`run ${token}\n`);
  const reading = read();
  const flood = `${'x'.repeat(65_535)}\n`;
  for (let sent = 0; sent <= MAX_RUN_BYTES; sent += flood.length) say(flood);
  await expect(reading).rejects.toMatchObject({
    code: 'GUEST_UNREACHABLE',
    message: expect.stringContaining(String(MAX_RUN_BYTES)),
    details: { limitBytes: MAX_RUN_BYTES },
  });
  const next = channel.announce();
  say(`run ${next}\nagain\nran ${next} 0\n`);
  expect(await read()).toEqual(['again']);
});

test('a line without end, or one before the run began, counts too', async () => {
  channel.announce();
  const reading = read();
  for (let sent = 0; sent <= MAX_RUN_BYTES; sent += 65_536) say('x'.repeat(65_536));
  await expect(reading).rejects.toMatchObject({ code: 'GUEST_UNREACHABLE' });
});

test('a run of more lines than the limit ends the same, though all of them are empty', async () => {
  const token = channel.announce();
  say(`run ${token}\n`);
  const reading = read();
  const [lines, most] = ['\n'.repeat(1_000), MAX_RUN_LINES / 1_000];
  for (let sent = 0; sent <= most; sent += 1) say(lines);
  await expect(reading).rejects.toMatchObject({ code: 'GUEST_UNREACHABLE', details: { limitLines: MAX_RUN_LINES } });
});

test('however many lines come at once, others have their turn between them', async () => {
  const token = channel.announce();
  say(`run ${token}\n${'\n'.repeat(10_000)}ran ${token} 0\n`);
  let turns = 0;
  const counting = setInterval(() => {
    turns += 1;
  }, 0);
  expect(await read()).toHaveLength(10_000);
  clearInterval(counting);
  expect(turns).toBeGreaterThan(0);
});

test('what a guest writes after its run ended is not kept', async () => {
  const token = channel.announce();
  say(`run ${token}\nran ${token} 0\n`);
  await read();
  for (let line = 0; line < 5_000; line += 1) say('more\n');
  expect(socket.isPaused()).toBe(false);
});
