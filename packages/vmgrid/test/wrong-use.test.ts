/** Command lines that contradict themselves: refused with exit status 2 before anybody is asked. */
import { expect, test } from '@jest/globals';
import { vmgrid } from '@vmgrid/test-support/grids/programs.ts';

test.each([
  ['images verify web --equal request.json', "option '--equal' takes no images"],
  ['images verify --identity --equal request.json', "cannot be used with option '--identity'"],
  ['images gc --target-mib much', 'a whole number from 0 on'],
  ['auctions --limit 0', 'a whole number from 1 on'],
])('vmgrid %s', async (line, message) => {
  const { status, out, err } = await vmgrid(['--shop', 'http://127.0.0.1:9', ...line.split(' ')]);
  expect([status, out, err]).toEqual([2, '', expect.stringContaining(message)]);
});

test.each([
  ['127.0.0.1:9', 'http:// or https://'],
  ['localhost:9', 'http:// or https://'],
  ['ftp://localhost:9', 'http:// or https://'],
  ['http://ada:hidden@localhost:9', '--token-file'],
  ['http://localhost:9/v1', 'without the /v1'],
])('the address %s is a wrong command line, and no message shows a password', async (address, message) => {
  const asOption = await vmgrid(['--shop', address, 'list']);
  const asVariable = await vmgrid(['list'], { environment: { VMGRID_SHOP: address } });
  expect(asVariable).toEqual(asOption);
  expect(asOption).toEqual({ status: 2, out: '', err: expect.stringContaining(message) });
  expect(asOption.err).not.toContain('hidden');
});

test('a variable that is empty counts as not set', async () => {
  const environment = { VMGRID_TOKEN_FILE: '', VMGRID_CA_FILE: '' };
  const { err } = await vmgrid(['--shop', 'http://127.0.0.1:9', 'list'], { environment });
  expect(err).toContain('SHOP_UNREACHABLE');
});

test.each([
  [['memory', '--help'], 'memory'],
  [['images', 'nothing', '--help'], 'nothing'],
  [['help', 'memory'], 'memory'],
  [['--json', 'memory', '-h'], 'memory'],
])('the help for a command that there is not (%j) is no help, and says so', async (args, name) => {
  const { status, out, err } = await vmgrid(args);
  expect([status, out, err]).toEqual([2, '', expect.stringContaining(`unknown command '${name}'`)]);
});

test.each([
  [['images', 'list', '--help'], 'vmgrid images list'],
  [['query', 'vm-1', '--help'], 'vmgrid query'],
  [['help', 'images'], 'vmgrid images'],
  [['-h'], 'vmgrid [options]'],
])('the help of %j is its own', async (args, usage) => {
  const { status, out } = await vmgrid(args);
  expect([status, out]).toEqual([0, expect.stringContaining(`Usage: ${usage}`)]);
});
