import { expect, test } from '@jest/globals';
import { askAll, type Bidder } from '../../../src/index.ts';

const bidderOf = (plantId: string, answer: () => Promise<unknown>): Bidder => ({
  plantId,
  hello: { plantId, version: '0.1.0', ad: {} },
  call: answer as Bidder['call'],
});

test('a question to all tells who answered what and who did not', async () => {
  const vms = [{ VmId: 'vm-1' }];
  const bidders = [bidderOf('plant-1', async () => vms), bidderOf('plant-2', () => Promise.reject(new Error('gone')))];
  expect(await askAll(bidders, { method: 'list', request: {} }, { deadlineMs: 1_000 })).toEqual({
    answers: [{ plantId: 'plant-1', value: vms }],
    failures: [{ plantId: 'plant-2', code: 'INTERNAL', message: expect.any(String) }],
  });
});

test('other work has its turn between the calls of a large question', async () => {
  let turns = 0;
  const turn = () => {
    turns += 1;
    setImmediate(turn).unref();
  };
  turn();
  const turnsOf: number[] = [];
  const bidders = Array.from({ length: 5 }, (_, index) => ({
    ...bidderOf(`plant-${index}`, async () => []),
    call: (async () => {
      turnsOf.push(turns);
      return [];
    }) as Bidder['call'],
  }));
  const request = { constraint: 'x'.repeat(100_000) };
  await askAll(bidders, { method: 'list', request }, { deadlineMs: 1_000 });
  expect(new Set(turnsOf).size).toBe(bidders.length);
});

test('a question that is given up says why, not that all are silent', async () => {
  const reason = new Error('the shop stops');
  const bidders = [bidderOf('plant-1', () => Promise.reject(reason))];
  await expect(
    askAll(bidders, { method: 'list', request: {} }, { deadlineMs: 1_000, signal: AbortSignal.abort(reason) }),
  ).rejects.toBe(reason);
});
