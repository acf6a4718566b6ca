import { expect, test } from '@jest/globals';
import { DiskWatch } from '../src/qemu/disk-watch.ts';

const MIB = 1_048_576;
const fault = (more: object) => ({ event: 'BLOCK_IO_ERROR', data: { nospace: true, action: 'stop', ...more } });

/** A watch over a disk with so much room at each look; what it did, in order. */
function watched(
  roomMiB: readonly number[],
  goOn: () => Promise<unknown> = async () => undefined,
  mayGoOn: () => boolean = () => true,
) {
  const done: string[] = [];
  const ended = new AbortController();
  const idle = Promise.withResolvers<void>();
  const room = [...roomMiB];
  const watch = new DiskWatch(
    {
      clock: { sleep: async () => void done.push('sleep') },
      goOn: async () => {
        done.push('go on');
        await goOn();
      },
      mayGoOn,
      told: (isFull) => {
        done.push(isFull ? 'full' : 'room');
        if (!isFull) idle.resolve();
      },
      ended: ended.signal,
      freeBytes: async () => (room.length > 1 ? room.shift()! : room[0]!) * MIB,
    },
    '/folder',
  );
  return { watch, done, idle: idle.promise };
}

test('a guest that QEMU stopped for want of room goes on as soon as there is some', async () => {
  const { watch, done, idle } = watched([0, 1, 64]);
  watch.observe(fault({}));
  watch.observe(fault({})); // one for each request that was under way
  await idle;
  expect(done).toEqual(['full', 'sleep', 'sleep', 'go on', 'room']);
});

test.each([{ nospace: false }, { action: 'report' }])(
  'a fault that is another (%o) is none of its business',
  (more) => {
    const { watch, done } = watched([0]);
    watch.observe(fault(more));
    watch.observe({ event: 'STOP', data: {} });
    expect(done).toEqual([]);
  },
);

test('a guest that is stopped again as it goes on is still without room', async () => {
  let times = 0;
  const { watch, done, idle } = watched([64], async () => {
    times += 1;
    if (times === 1) watch.observe(fault({}));
  });
  watch.observe(fault({}));
  await idle;
  expect(done.filter((what) => what !== 'sleep')).toEqual(['full', 'go on', 'go on', 'room']);
});

test('a guest that QEMU does not let go on in time is let go on later', async () => {
  let times = 0;
  const { watch, done, idle } = watched([64], async () => {
    times += 1;
    if (times === 1) throw new Error('cont did not answer');
  });
  watch.observe(fault({}));
  await idle;
  expect(done).toEqual(['full', 'go on', 'sleep', 'go on', 'room']);
});

test('a guest whose memory is being kept is not let go on, whatever room there is: what is kept would not fit its disk', async () => {
  const kept = [true, true, false];
  const { watch, done, idle } = watched(
    [64],
    async () => undefined,
    () => !kept.shift(),
  );
  watch.observe(fault({}));
  await idle;
  expect(done).toEqual(['full', 'sleep', 'sleep', 'go on', 'room']);
});
