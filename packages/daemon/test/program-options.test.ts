/** A daemon's answer to its command line, and its exit status. */
import { spawnSync } from 'node:child_process';
import { expect, test } from '@jest/globals';

const PROGRAM = `
  const { CONFIG_OPTIONS } = await import('./packages/daemon/src/config.ts');
  const { programOptions } = await import('./packages/daemon/src/program-options.ts');
  console.log(JSON.stringify(programOptions('the usage', { options: CONFIG_OPTIONS }).values));
`;

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', PROGRAM, '--', ...args]);
  return { status, out: String(stdout), err: String(stderr) };
}

test('options that are known are the program’s', () => {
  expect(run('--config', 'shop.json')).toEqual({ status: 0, out: '{"config":"shop.json"}\n', err: '' });
});

test('with --help a program prints its usage alone, whatever else is there', () => {
  expect(run('--wrong', '--help')).toEqual({ status: 0, out: 'the usage\n', err: '' });
});

test.each([['--wrong'], ['--config'], ['extra']])(
  '%s is a wrong command line: what is wrong, then the usage',
  (wrong) => {
    const { status, out, err } = run(wrong);
    expect([status, out, err]).toEqual([2, '', expect.stringMatching(/^[^\n]*'[^\n]*\n\nthe usage\n$/s)]);
    expect(err).toContain(wrong);
  },
);
