/** Command lines that contradict themselves: refused with exit status 2 before anybody is asked. */
import { expect, test } from '@jest/globals';
import { vmgrid } from '../../../test/support/programs.ts';

test.each([
  ['images verify web --equal request.json', "option '--equal' takes no images"],
  ['images verify --identity --equal request.json', "cannot be used with option '--identity'"],
  ['images gc --target-mib much', 'a whole number from 0 on'],
  ['auctions --limit 0', 'a whole number from 1 on'],
])('vmgrid %s', async (line, message) => {
  const { status, out, err } = await vmgrid(['--shop', 'http://127.0.0.1:9', ...line.split(' ')]);
  expect([status, out, err]).toEqual([2, '', expect.stringContaining(message)]);
});
