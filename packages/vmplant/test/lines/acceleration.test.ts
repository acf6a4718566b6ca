import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { CommandError, type CommandRunner } from '@vmgrid/daemon';
import { findAcceleration } from '../../src/lines/qemu/acceleration.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
const signal = AbortSignal.timeout(60_000);
const user = { uid: 4_711, gid: 4_711, groups: [107] };

type Ending = Partial<Pick<CommandError, 'exitCode' | 'reason' | 'outputTail'>>;

/** A QEMU that ends like this, and the commands it was run with. */
function ending(fields: Ending): { readonly run: CommandRunner; readonly commands: string[] } {
  const commands: string[] = [];
  const run: CommandRunner = async (program, args) => {
    commands.push([program, ...args].join(' '));
    const failed = { program, exitCode: undefined, reason: 'failed', outputTail: '', ...fields } as const;
    throw new CommandError(`${program} failed`, failed, undefined);
  };
  return { run, commands };
}

const find = (run: CommandRunner, vmmVersion = '8.2.2') =>
  findAcceleration(
    { run },
    { binary: 'qemu', cpuModel: 'Nehalem', vmmVersion, stateDirectory: folder(), user },
    signal,
  );

test("a guest that ran says so with QEMU's exit status: KVM it is", async () => {
  const { run, commands } = ending({ exitCode: 33 });
  expect(await find(run)).toEqual({ accelerator: 'kvm', reason: '' });
  expect(commands).toHaveLength(1);
});

test('it is tried as a user that machines run as, and with the very processor that images are suspended with', async () => {
  const { run, commands } = ending({ exitCode: 33 });
  await find(run);
  expect(commands[0]).toMatch(/^setpriv .*--reuid=4711 .*--groups=107 .*-- qemu /);
  expect(commands[0]).toContain('-accel kvm -cpu Nehalem,enforce');
});

test.each<[string, Ending, RegExp]>([
  ['that QEMU refuses', { exitCode: 1, outputTail: 'Permission denied' }, /does not run guests: Permission denied/],
  ['whose guests stand still', { reason: 'timeout' }, /start.* guests that do not run/],
  ['under which QEMU crashes', { reason: 'killed' }, /does not run guests: setpriv failed/],
])('a KVM %s is not used, and the reason told', async (_, end, reason) => {
  expect(await find(ending(end).run)).toEqual({ accelerator: 'tcg', reason: expect.stringMatching(reason) });
});

test('the verdict is kept until QEMU, the run of the host or the access to KVM changes', async () => {
  const { run, commands } = ending({ exitCode: 33 });
  const kept = join(folder(), 'qemu-acceleration.json');
  const change = async (field: string) =>
    writeFile(kept, JSON.stringify({ ...JSON.parse(await readFile(kept, 'utf8')), [field]: 'another' }));
  await find(run);
  await find(run);
  expect(commands).toHaveLength(1);
  await find(run, '9.0.0');
  expect(commands).toHaveLength(2);
  await change('bootId');
  await find(run, '9.0.0');
  await change('access');
  await find(run, '9.0.0');
  expect(commands).toHaveLength(4);
});
