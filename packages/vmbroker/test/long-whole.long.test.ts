import { expect, test } from '@jest/globals';
import { LINK_LIMITS } from '@vmgrid/protocol';
import { bytesOfWhole, tellLongWhole } from './long-whole.ts';

test('a million VMs pass through a link as the product has it, and so does each change meanwhile', async () => {
  expect(bytesOfWhole(1_000)).toBeGreaterThan(4 * LINK_LIMITS.bufferedBytes);
  expect(await tellLongWhole(1_000)).toEqual({ vms: 1_000_000, changed: 1_000, misplaced: 0 });
}, 600_000);
