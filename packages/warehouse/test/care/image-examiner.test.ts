import { beforeEach, expect, test } from '@jest/globals';
import { abortable, systemClock } from '@vmgrid/daemon';
import { EXAMINE_AGAIN_MS, ImageExaminer } from '../../src/care/image-examiner.ts';
import type { ImageFault } from '../../src/care/image-integrity.ts';

const NEVER = new AbortController().signal;
const fault: ImageFault = { imageId: 'octave', file: 'disk.raw', reason: 'a bit flipped' };

let now: number;
/** Images that were read, in order. */
let read: string[];
let found: Promise<ImageFault | undefined>;
/** Lets the time to read an image be over. */
let endTime: () => void;
let examiner: ImageExaminer;

beforeEach(() => {
  now = 0;
  read = [];
  found = Promise.resolve(undefined);
  const examine = (imageId: string, until: AbortSignal) => {
    read.push(imageId);
    return abortable(found, until);
  };
  const after = (_ms: number, work: () => void) => {
    endTime = work;
    return () => undefined;
  };
  const clock = { ...systemClock, monotonic: () => now, after };
  examiner = new ImageExaminer({ examine }, clock);
});

test('an image is read by one at a time, and whoever asks meanwhile gets the same answer', async () => {
  const reading = Promise.withResolvers<ImageFault>();
  found = reading.promise;
  const answers = ['octave', 'octave', 'plotting'].map((id) => examiner.examine(id, NEVER));
  expect(read).toEqual(['octave', 'plotting']);
  reading.resolve(fault);
  expect(await Promise.all(answers)).toEqual([fault, fault, fault]);
});

test('an image that was found whole is not read again for a while, others are', async () => {
  await examiner.examine('octave', NEVER);
  now = EXAMINE_AGAIN_MS - 1;
  await examiner.examine('octave', NEVER);
  await examiner.examine('plotting', NEVER);
  now = EXAMINE_AGAIN_MS;
  await examiner.examine('octave', NEVER);
  expect(read).toEqual(['octave', 'plotting', 'octave']);
});

test('nor is one that is too large to be read in time; one that is broken, or whose reader left, is', async () => {
  found = Promise.reject(new Error('cut off'));
  await expect(examiner.examine('octave', NEVER)).rejects.toThrow('cut off');
  found = new Promise(() => undefined);
  const reading = examiner.examine('octave', NEVER);
  endTime();
  await expect(reading).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', details: { imageId: 'octave' } });
  expect(await examiner.examine('octave', NEVER)).toBeUndefined();
  found = Promise.resolve(fault);
  for (const _ of [1, 2]) expect(await examiner.examine('plotting', NEVER)).toBe(fault);
  expect(read).toEqual(['octave', 'octave', 'plotting', 'plotting']);
});
