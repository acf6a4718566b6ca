import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { decodeCreate } from '@vmgrid/protocol';
import { HostActions } from '../../src/configuration/host-actions.ts';

const patient = new AbortController().signal;
const isRoot = process.getuid?.() === 0;

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'vmgrid-test-'));
  await chmod(directory, 0o755); // the actions run as nobody
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function provide(name: string, script: string, mode = 0o755): Promise<void> {
  await writeFile(join(directory, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(directory, name), mode);
}

const run = (name: string, args: readonly string[] = [], standardInput = '{}', timeoutMs = 5_000) =>
  new HostActions(directory).run({ name, arguments: args, standardInput, timeoutMs }, patient);

test('the names are those of the executable files of the folder', async () => {
  await provide('register-dns', 'true');
  await provide('notes', 'true', 0o644);
  await mkdir(join(directory, 'folder'));
  await symlink('register-dns', join(directory, 'alias'));
  await symlink('nowhere', join(directory, 'dangling'));
  expect(await new HostActions(directory).names()).toEqual(['alias', 'register-dns']);
});

test('a plant without the folder has no host actions', async () => {
  const none = new HostActions(undefined);
  expect(await none.names()).toEqual([]);
  await expect(none.requireAll(['register-dns'])).rejects.toMatchObject({
    code: 'HOST_ACTION_UNKNOWN',
    message: 'no host action register-dns; there are: none',
    details: { missing: ['register-dns'], known: [] },
  });
  await none.requireAll([]);
});

test('every name that is missing is named once, with those there are', async () => {
  await provide('register-dns', 'true');
  const actions = new HostActions(directory);
  await actions.requireAll(['register-dns']);
  await expect(actions.requireAll(['b', 'register-dns', 'a', 'b'])).rejects.toMatchObject({
    details: { missing: ['b', 'a'], known: ['register-dns'] },
  });
});

test('a file that only its owner may execute is there for a plant that is its owner, not for nobody', async () => {
  await provide('private', 'true', 0o700);
  expect(await new HostActions(directory).names()).toEqual(isRoot ? [] : ['private']);
});

test('an action that the operator adds or removes is noticed', async () => {
  const actions = new HostActions(directory);
  expect(await actions.names()).toEqual([]);
  await provide('register-dns', 'true');
  expect(await actions.names()).toEqual(['register-dns']);
  await rm(join(directory, 'register-dns'));
  expect(await actions.names()).toEqual([]);
});

test('what it prints comes back; its input is the classad', async () => {
  await provide('echo-input', 'cat');
  expect(await run('echo-input', [], '{"VmId":"vm-1"}')).toBe('{"VmId":"vm-1"}');
});

test('an action need not read its input', async () => {
  await provide('deaf', 'exec <&-; echo done');
  expect(await run('deaf', [], JSON.stringify({ text: 'x'.repeat(2_000_000) }))).toBe('done');
});

test('arguments come as they are: no shell reads them', async () => {
  await provide('show', `for argument in "$@"; do printf '<%s>' "$argument"; done`);
  const odd = ['$(id)', '; rm -rf /', '`id`', 'a b', '', '*', "'", '"', '--help', 'line\nbreak', 'ä€😀'];
  expect(await run('show', odd)).toBe(odd.map((argument) => `<${argument}>`).join(''));
});

test('it finds little in its environment and nothing of the plant’s', async () => {
  process.env.VMGRID_TEST_SECRET = 'secret';
  await provide('environment', 'env; pwd');
  const lines = (await run('environment')).split('\n');
  delete process.env.VMGRID_TEST_SECRET;
  // The shell itself sets the last two.
  expect(lines.filter((line) => !/^(PWD|SHLVL|_)=/.test(line)).sort()).toEqual([
    '/',
    'LANG=C.UTF-8',
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
  ]);
});

test('of a plant that is root it runs as nobody, in no group of root’s; else as the plant does', async () => {
  await provide('who', 'id -u; id -g');
  await provide('groups', 'id -G');
  const plants = `${process.getuid?.()}\n${process.getgid?.()}`;
  expect(await run('who')).toBe(isRoot ? '65534\n65534' : plants);
  if (isRoot) expect(await run('groups')).toBe('65534');
});

test('its failure has its exit status and its last words', async () => {
  await provide('fail', 'echo "no such zone" >&2; exit 3');
  await expect(run('fail')).rejects.toMatchObject({
    name: 'CommandError',
    reason: 'failed',
    exitCode: 3,
    outputTail: 'no such zone',
  });
});

test('one that takes more memory than it may is refused it, and fails', async () => {
  await provide('hog', 'head -c 200M /dev/zero | tail -c 200M > /dev/null');
  const actions = new HostActions(directory, { memoryMiB: 32 });
  const call = { name: 'hog', arguments: [], standardInput: '{}', timeoutMs: 30_000 };
  await expect(actions.run(call, patient)).rejects.toMatchObject({
    reason: 'failed',
    outputTail: expect.stringContaining('memory exhausted'),
  });
});

test('one that takes too long is ended with all that it started', async () => {
  await provide('slow', 'sleep 600 & wait'); // it holds the outputs, which are read to their end
  await expect(run('slow', [], '{}', 100)).rejects.toMatchObject({ reason: 'timeout' });
});

test('one that is no longer wanted is ended', async () => {
  await provide('slow', 'exec sleep 60');
  const call = { name: 'slow', arguments: [], standardInput: '{}', timeoutMs: 60_000 };
  const signal = AbortSignal.timeout(100);
  const error = await new HostActions(directory).run(call, signal).catch((thrown: unknown) => thrown);
  expect(error).toBe(signal.reason);
});

test.each(['unknown', 'notes', '../../bin/true', '/bin/true', '.', '..', '', 'folder/inner'])(
  'the name %j runs nothing',
  async (name) => {
    await provide('notes', 'echo ran', 0o644);
    await mkdir(join(directory, 'folder'));
    await writeFile(join(directory, 'folder', 'inner'), '#!/bin/sh\necho ran\n', { mode: 0o755 });
    await expect(run(name)).rejects.toMatchObject({ code: 'HOST_ACTION_UNKNOWN' });
  },
);

test.each(['../../bin/true', '/bin/true', '.', 'folder/inner', 'a.b', ''])(
  'the name %j does not get past the schema of a request either',
  (name) => {
    const machine = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 };
    const request = { machine, dag: { actions: [{ kind: 'host', id: 'a', name }] } };
    expect(() => decodeCreate(request)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  },
);
