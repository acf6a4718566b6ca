import { expect, test } from '@jest/globals';
import type { Bidder } from '@vmgrid/protocol';
import { GridError } from '@vmgrid/protocol';
import { callToEnd } from '../../src/plants/call-to-end.ts';

const REQUEST = { requestId: 'destroy-1', vmId: 'vm-1' };

test('work has what is left of its time when the plant returns, however the clock of the host was set meanwhile', async () => {
  let monotonic = 5_000;
  const deadlines: unknown[] = [];
  const bidder = {
    call: async (_method: string, _request: object, { deadlineMs }: { readonly deadlineMs: number }) => {
      deadlines.push(deadlineMs);
      if (deadlines.length > 1) return { State: 'destroyed' };
      monotonic += 1_000;
      throw new GridError('PLANT_LOST', 'it went', {});
    },
  } as unknown as Bidder;
  const membership = { find: () => bidder, awaitReturn: async () => bidder };
  // The wall clock is not there at all: nothing asks for it.
  const clock = { monotonic: () => monotonic };
  const limits = { requestDeadlineMs: 60_000, plantReturnMs: 10_000 };
  const ad = await callToEnd(
    { membership, clock },
    { plantId: 'plant-1', method: 'destroy', request: REQUEST, cancelled: new AbortController().signal },
    limits,
  );
  expect([ad, deadlines]).toEqual([{ State: 'destroyed' }, [60_000, 59_000]]);
});
