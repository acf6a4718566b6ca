/** The host's end of the channel to a resident agent, whatever the guest writes into it. */
import { Socket } from 'node:net';
import { beforeEach, expect, test } from '@jest/globals';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { AgentChannel, type AgentStart } from '../../src/guest/resident/agent-channel.ts';
import { ASK, encodeFrame, type Frame, FrameReader, MAX_CONTENT_BYTES, TELL } from '../../src/guest/resident/frames.ts';
import { MAX_RUN_BYTES, MAX_RUN_LINES } from '../../src/guest/run-lines.ts';

const signal = NO_DEADLINE;
const HELLO = 'vmgrid-agent 1 identity run ';
let socket: Socket;
/** What the host asked, in order. */
let asked: Frame[];

beforeEach(() => {
  // Never connected: what the guest writes is emitted by the test.
  socket = new Socket();
  asked = [];
  const reader = new FrameReader();
  socket.write = ((bytes: Buffer) => {
    asked.push(...reader.read(bytes));
    return true;
  }) as Socket['write'];
});

const open = (start: AgentStart = 'waits') => new AgentChannel(socket, start);
const write = (bytes: Buffer): boolean => socket.emit('data', bytes);
const tell = (id: number, type: number, text = ''): boolean =>
  write(encodeFrame({ id, type, content: Buffer.from(text) }));
const lastId = (): number => asked.at(-1)!.id;

async function read(lines: AsyncIterable<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

/** Begins to run a command, and returns the promise of its lines. */
function running(channel: AgentChannel): Promise<string[]> {
  const lines = read(channel.run(['true'], signal));
  lines.catch(() => undefined);
  return lines;
}

test('a guest that was restored is up at once, one that boots when it says hello, and none when another frame comes', async () => {
  await open('waits').ready(signal);
  const channel = open('boots');
  let isUp = false;
  const up = channel.ready(signal).then(() => {
    isUp = true;
  });
  tell(0, TELL.hello, 'somebody else');
  tell(7, TELL.hello, HELLO);
  tell(0, TELL.identity);
  await new Promise(setImmediate);
  expect(isUp).toBe(false);
  tell(0, TELL.hello, HELLO);
  await up;
});

test('whoever waits for a guest that is reset twice sees it come up', async () => {
  const channel = open('waits');
  channel.guestRestarted('asked');
  const up = channel.ready(signal);
  channel.guestRestarted('asked');
  tell(0, TELL.hello, HELLO);
  await up;
});

test('an agent that may be in the middle of a frame is asked after so many bytes as end it', async () => {
  const channel = open('unknown');
  expect(asked.map(({ type }) => type)).toEqual([ASK.hello]);
  tell(lastId(), TELL.hello, HELLO);
  await channel.ready(signal);
});

test('what an earlier host had run is ended before anything else is run', async () => {
  const channel = open('unknown');
  const lines = running(channel);
  expect(asked.map(({ type }) => type)).toEqual([ASK.hello, ASK.end, ASK.run]);
  tell(lastId(), TELL.output, 'one\r\ntw');
  tell(lastId() + 1, TELL.output, 'of another\n');
  tell(lastId(), TELL.output, 'o');
  tell(lastId(), TELL.exit, '0');
  expect(await lines).toEqual(['one', 'two']);
});

test('a run that nobody reads any more is ended in the guest, one that has ended is not', async () => {
  const channel = open();
  const lines = channel.run(['true'], signal);
  const first = lines.next();
  tell(lastId(), TELL.output, 'one\n');
  await first;
  await lines.return(undefined);
  expect(asked.map(({ type }) => type)).toEqual([ASK.run, ASK.end]);
  const next = running(channel);
  tell(lastId(), TELL.exit, '0');
  await next;
  expect(asked.map(({ type }) => type)).toEqual([ASK.run, ASK.end, ASK.end, ASK.run]);
});

test('a guest that restarts ends its run with GUEST_RESTARTED and its identity too', async () => {
  const channel = open();
  const identity = channel.identify(['x'], signal);
  const lines = running(channel);
  channel.guestRestarted('panic');
  await expect(lines).rejects.toMatchObject({ code: 'GUEST_RESTARTED' });
  await expect(identity).rejects.toMatchObject({ code: 'GUEST_RESTARTED' });
  expect(await channel.restarted(signal)).toBe('panic');
});

test('an agent that was started anew knows nothing of the run before it, which has ended by that', async () => {
  const lines = running(open());
  tell(lastId(), TELL.output, 'one\n');
  tell(0, TELL.hello, HELLO);
  expect(await lines).toEqual(['one']);
});

test('a machine that ends ends all that is waited for with GUEST_LOST', async () => {
  const channel = open('boots');
  const waiting = [channel.ready(signal), running(channel), channel.identify(['x'], signal)];
  socket.destroy();
  for (const one of waiting) await expect(one).rejects.toMatchObject({ code: 'GUEST_LOST' });
});

test('an identity is given at the first answer and settled at the second, and answers of others are none', async () => {
  const channel = open();
  const given = channel.identify(['x'], signal);
  tell(lastId() + 1, TELL.identity);
  tell(lastId(), TELL.warning, 'the clock could not be set');
  for (let answers = 0; answers < 2; answers += 1) tell(lastId(), TELL.identity);
  const { warnings, settled } = await given;
  expect(warnings).toEqual(['the clock could not be set']);
  tell(lastId(), TELL.settled);
  await settled;
});

test('a refusal ends what was asked for, with so much of its words as fits', async () => {
  const channel = open();
  const given = channel.identify(['x'], signal);
  tell(lastId(), TELL.refused, 'no'.repeat(10_000));
  await expect(given).rejects.toMatchObject({
    code: 'GUEST_UNREACHABLE',
    message: expect.stringMatching(/^.{1,1200}$/),
  });
  const lines = running(channel);
  tell(lastId(), TELL.refused, 'no');
  await expect(lines).rejects.toMatchObject({ code: 'GUEST_UNREACHABLE' });
});

test('of warnings without end only some are kept', async () => {
  const channel = open();
  const given = channel.identify(['x'], signal);
  for (let count = 0; count < 1_000; count += 1) tell(lastId(), TELL.warning, 'x'.repeat(MAX_CONTENT_BYTES));
  tell(lastId(), TELL.identity);
  const { warnings } = await given;
  expect(warnings.length).toBeLessThanOrEqual(16);
  expect(warnings.every((text) => text.length <= 1_000)).toBe(true);
});

test('a guest that writes more than a run may is stopped, whether that is output or not', async () => {
  const channel = open();
  const lines = running(channel);
  for (let sent = 0; sent <= MAX_RUN_BYTES; sent += MAX_CONTENT_BYTES) {
    tell(0, TELL.warning, 'x'.repeat(MAX_CONTENT_BYTES));
  }
  await expect(lines).rejects.toMatchObject({ code: 'GUEST_UNREACHABLE', details: { limitBytes: MAX_RUN_BYTES } });
  const next = running(channel);
  for (let sent = 0; sent <= MAX_RUN_LINES; sent += 1_000) tell(lastId(), TELL.output, '\n'.repeat(1_000));
  await expect(next).rejects.toMatchObject({ code: 'GUEST_UNREACHABLE', details: { limitLines: MAX_RUN_LINES } });
});

test('garbage, and lengths that are lies, hide no frame that comes after them', async () => {
  const channel = open();
  const lines = running(channel);
  const liar = Buffer.from('vmga\xff\xff\xff\xff........', 'latin1');
  const frame = encodeFrame({ id: lastId(), type: TELL.output, content: Buffer.from('one\n') });
  for (const byte of Buffer.concat([Buffer.from('vvmvmgvmg'), liar, liar, frame])) write(Buffer.of(byte));
  tell(lastId(), TELL.exit, '0');
  expect(await lines).toEqual(['one']);
});

test('of bytes without end no more is kept than one frame', () => {
  const reader = new FrameReader();
  const half = encodeFrame({ id: 1, type: TELL.output, content: Buffer.alloc(MAX_CONTENT_BYTES) }).subarray(0, -1);
  expect(reader.read(half)).toEqual([]);
  expect(reader.read(Buffer.of(0))).toHaveLength(1);
  for (let count = 0; count < 100; count += 1) expect(reader.read(Buffer.alloc(65_536, 'vmg'))).toEqual([]);
  expect(reader.read(encodeFrame({ id: 2, type: TELL.exit, content: Buffer.alloc(0) }))).toMatchObject([{ id: 2 }]);
});
