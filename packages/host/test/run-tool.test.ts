import { expect, test } from '@jest/globals';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { runTool } from '../src/run-tool.ts';

const signal = NO_DEADLINE;
const failure = { code: 'VMM_FAILED', message: 'the work could not be done' } as const;
const run = (script: string) => runTool('sh', ['-c', script], { signal, failure });

test('a tool that fails means what its caller says, with its last words', async () => {
  await expect(run('echo no such luck >&2; exit 3')).rejects.toMatchObject({
    code: 'VMM_FAILED',
    message: 'the work could not be done: sh ended with exit status 3',
    details: { output: 'no such luck' },
  });
});

test('a tool that finds the disk full says so by the code', async () => {
  await expect(run('dd if=/dev/zero of=/dev/full bs=1 count=1')).rejects.toMatchObject({
    code: 'HOST_DISK_FULL',
    message: expect.stringContaining('the work could not be done: sh ended with'),
    details: { output: expect.stringContaining('No space left on device') },
  });
});

test('a tool that cannot even be started for want of open files says so, and is not called missing or killed', async () => {
  const refused = async () => {
    const { CommandError } = await import('@vmgrid/daemon');
    const cause = Object.assign(new Error('spawn sh EMFILE'), { code: 'EMFILE', syscall: 'spawn sh' });
    const fields = { program: 'sh', exitCode: undefined, reason: 'not-started', outputTail: '' } as const;
    throw new CommandError('sh could not be started (EMFILE)', fields, cause);
  };
  await expect(runTool('sh', [], { signal, failure, run: refused })).rejects.toMatchObject({
    code: 'HOST_FILES_FULL',
    message: 'the work could not be done: sh could not be started (EMFILE)',
  });
});
