import { expect, test } from '@jest/globals';
import { type ErrorCode, GridError } from '@vmgrid/protocol';
import { OwnFailures } from '../../src/creation/own-failures.ts';

const failing = (failures: OwnFailures, code: ErrorCode) =>
  failures.during(Promise.reject(new GridError(code, 'what happened'))).catch(() => undefined);

test('creations that the host made fail are counted until one goes well', async () => {
  const failures = new OwnFailures({ now: () => 5_999 });
  await failing(failures, 'VMM_FAILED');
  await failing(failures, 'GUEST_LOST');
  expect(failures.note).toEqual({ inARow: 2, lastCode: 'GUEST_LOST', lastTime: 5 });
  expect(await failures.during(Promise.resolve('vm'))).toBe('vm');
  expect(failures.note).toBeUndefined();
});

test('neither a refusal nor a failing action of the client counts', async () => {
  const failures = new OwnFailures({ now: () => 0 });
  await failing(failures, 'MEMORY_INSUFFICIENT');
  await failing(failures, 'ACTION_FAILED');
  expect(failures.note).toBeUndefined();
});
