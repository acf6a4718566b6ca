import { expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import { daemonFinding, examineDaemons } from '../../src/doctor/doctor-daemons.ts';

const STATUS = 'Name:\tnode\nVmHWM:\t  409600 kB\nVmRSS:\t  204800 kB\n';

test('a daemon is known by its program, with its memory and the limit it was started with', () => {
  const words = [
    '/usr/bin/node',
    '--max-old-space-size=1900',
    '/opt/vmgrid/dist/vmshop.js',
    '--config',
    '/etc/shop.json',
  ];
  const finding = { daemon: 'vmshop', pid: 7, residentMiB: 200, peakMiB: 400, heapLimitMiB: 1_900 };
  expect(daemonFinding(7, words, STATUS)).toEqual(finding);
  const without = words.filter((word) => !word.startsWith('--max'));
  expect(daemonFinding(7, without, STATUS)).toEqual({ ...finding, heapLimitMiB: undefined });
});

test.each([
  [['/usr/bin/node', '/opt/vmgrid/dist/vmplant.js', 'probe'], STATUS],
  [['/usr/bin/less', '/opt/vmgrid/dist/vmshop.js.map'], STATUS],
  [['/usr/bin/node', '/opt/vmgrid/dist/vmshop.js', '--config', 'x'], ''],
])('what is no daemon, or has ended, is none: %j', (words, status) => {
  expect(daemonFinding(7, words, status)).toBeUndefined();
});

test('a shop that does not answer keeps nobody from seeing the rest', async () => {
  const memory = () => Promise.reject(new GridError('SHOP_UNREACHABLE', 'no shop'));
  expect(await examineDaemons({ memory })).toEqual({ daemons: expect.any(Array), shop: undefined });
});
