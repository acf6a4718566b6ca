import { expect, test } from '@jest/globals';
import { bytesOfWhole, tellLongWhole } from './long-whole.ts';

const LIMITS = { bufferedBytes: 1_048_576, messageBytes: 524_288 };

test('a whole that is larger than what the link may have waiting passes, and so does each change meanwhile', async () => {
  const plants = 20;
  expect(bytesOfWhole(plants)).toBeGreaterThan(3 * LIMITS.bufferedBytes);
  expect(await tellLongWhole(plants, LIMITS)).toEqual({ vms: plants * 1_000, changed: plants, misplaced: 0 });
});
