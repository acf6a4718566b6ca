/** What the resident agent does, on a folder in place of a root; in a guest it does so in test/contract. */
import { mkdtempSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';
import { NO_DEADLINE } from '@vmgrid/test-support/jest/no-deadline.ts';
import { identityAttributes, makeCloneIdentity } from '../../src/guest/clone-identity.ts';
import { AgentChannel, type AgentStart } from '../../src/guest/resident/agent-channel.ts';
import { encodeFrame } from '../../src/guest/resident/frames.ts';
import { ResidentGuest } from '../../src/guest/resident/resident-guest.ts';
import { compileAgent, makeRoot, startAgent } from './agent-program.ts';

const signal = NO_DEADLINE;
const MAC = '52:54:00:aa:bb:cc';
let folder: string;
let program: string;
let roots = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vmgrid-agent-'));
  program = compileAgent(folder);
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Serves a root with these files while `use` asks for something; nothing is wrong with the program then. */
async function withAgent<T>(
  files: Readonly<Record<string, string>>,
  use: (guest: ResidentGuest, root: string, channel: AgentChannel) => Promise<T>,
  { start = 'boots', before = Buffer.alloc(0) }: { readonly start?: AgentStart; readonly before?: Buffer } = {},
): Promise<T> {
  roots += 1;
  const root = join(folder, `root-${roots}`);
  await makeRoot(root, files);
  const agent = startAgent(program, root);
  agent.socket.write(before);
  const channel = new AgentChannel(agent.socket, start);
  await channel.ready(signal);
  const result = await use(new ResidentGuest(channel, '/dev/none'), root, channel);
  expect(await agent.end()).toEqual({ status: 0, printed: '' });
  return result;
}

/** Gives a root with these files an identity, and returns how to read what came of it. */
async function identified(hostName: string, files: Readonly<Record<string, string>> = {}) {
  const identity = makeCloneIdentity({ hostName, macAddress: MAC });
  return withAgent(files, async (guest, root) => {
    const { settled, warnings } = await guest.identify(identity, 1_700_000_000_500, signal);
    await settled;
    const read = (path: string) => readFile(join(root, path), 'utf8').catch(() => 'none');
    return { identity, root, warnings, read };
  });
}

async function linesOf(guest: ResidentGuest, ...command: string[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of guest.run(command, signal)) lines.push(line);
  return lines;
}

test('gives the guest a name, ids, a host key and a network script, and keeps its other hosts', async () => {
  const { identity, root, read } = await identified('vm-7', { 'etc/ssh/ssh_host_rsa_key': 'of the image' });
  expect(await read('etc/hosts')).toBe('127.0.0.1 localhost\n127.0.1.1 golden\n10.0.0.9 friend\n127.0.1.1 vm-7\n');
  expect(await read('etc/hostname')).toBe('vm-7\n');
  expect(await read('etc/vmgrid/name')).toBe('vm-7\n');
  expect(await read('etc/resolv.conf')).toMatch(/^nameserver /);
  expect(await read('etc/machine-id')).toBe(`${identity.machineId}\n`);
  expect(await read('etc/vmgrid/network')).toContain(`address ${MAC}\n`);
  expect((await readdir(join(root, 'etc/ssh'))).sort()).toEqual(['ssh_host_ed25519_key', 'ssh_host_ed25519_key.pub']);
  expect(await read('etc/ssh/ssh_host_ed25519_key')).toBe(identity.hostKey.privateKey);
  expect(identityAttributes(identity)).toContain((await read('etc/ssh/ssh_host_ed25519_key.pub')).split(' ')[1]!);
  expect((await stat(join(root, 'etc/ssh/ssh_host_ed25519_key'))).mode & 0o777).toBe(0o600);
});

test('warns of nothing where all went well, and of each file that it could not write', async () => {
  expect((await identified('vm-1')).warnings).toEqual([]);
  const { warnings } = await identified('vm-1', {
    'etc/hostname/x': 'it is a folder',
    'etc/machine-id/x': 'so is this',
  });
  expect(warnings).toEqual(['/etc/hostname could not be written', '/etc/machine-id could not be written']);
});

const renamed = async (files: Readonly<Record<string, string>>) => {
  const { read } = await identified('vm-8', { 'etc/vmgrid/name': 'vm-7\n', 'etc/hostname': 'vm-7\n', ...files });
  return { hosts: await read('etc/hosts'), name: await read('etc/hostname'), resolver: await read('etc/resolv.conf') };
};

test('changes its own line of the hosts file where it stands, and no other', async () => {
  const { hosts, name } = await renamed({ 'etc/hosts': '127.0.1.1 vm-7\n127.0.1.1 db.example.org db\n::1 six' });
  expect([hosts, name]).toEqual(['127.0.1.1 vm-8\n127.0.1.1 db.example.org db\n::1 six\n', 'vm-8\n']);
});

test('leaves a hosts file, a host name and a resolver as an action of the image made them', async () => {
  const made = { hosts: '127.0.1.1 db.example.org\n', name: 'db\n', resolver: 'nameserver 192.0.2.1\n' };
  const files = { 'etc/hosts': made.hosts, 'etc/hostname': made.name, 'etc/resolv.conf': made.resolver };
  expect(await renamed(files)).toEqual(made);
});

test('writes files where they lie, and leaves nothing of a longer text of before', async () => {
  const long = `${'x'.repeat(100)}\n`;
  const { root, read } = await identified('vm-9', { 'etc/vmgrid/name': 'vm-8\n', 'etc/machine-id': long });
  expect((await read('etc/machine-id')).length).toBe(33);
  expect((await stat(join(root, 'etc/machine-id'))).nlink).toBe(1);
});

test("keeps no host key of the image's, neither by a link nor where others may read it", async () => {
  const identity = makeCloneIdentity({ hostName: 'vm-1', macAddress: MAC });
  await withAgent({ 'etc/ssh/ssh_host_ed25519_key.pub': 'x', elsewhere: 'kept' }, async (guest, root) => {
    await symlink('../../elsewhere', join(root, 'etc/ssh/ssh_host_ed25519_key'));
    await (await guest.identify(identity, 0, signal)).settled;
    expect(await readFile(join(root, 'elsewhere'), 'utf8')).toBe('kept');
    expect((await stat(join(root, 'etc/ssh/ssh_host_ed25519_key'))).mode & 0o777).toBe(0o600);
  });
});

test.each(['eth0', 'ens6'])('finds the network card by the name that its system gave it: %s', async (card) => {
  const files = { [`sys/class/net/${card}/device`]: '', 'sys/class/net/lo/carrier': '1\n' };
  const { read } = await identified('vm-1', files);
  expect(await read('etc/vmgrid/network')).toContain(`ip link set ${card} address ${MAC}\n`);
});

test('puts what the image has of a journal where programs look for that of the clone', async () => {
  const [old, older] = ['a'.repeat(32), 'b'.repeat(32)];
  const { identity, root } = await identified('vm-8', {
    'run/systemd/journal/socket': '',
    [`var/log/journal/${old}/system.journal`]: 'last',
    [`var/log/journal/${old}/user-1000.journal`]: 'of a user',
    [`var/log/journal/${older}/system.journal`]: 'first',
  });
  expect(await readdir(join(root, 'var/log/journal'))).toEqual([identity.machineId]);
  expect((await readdir(join(root, 'var/log/journal', identity.machineId))).sort()).toEqual([
    'system@0000000000000000-aaaaaaaaaaaaaaaa.journal~',
    'system@0000000000000000-bbbbbbbbbbbbbbbb.journal~',
    'user-1000.journal',
  ]);
});

test('takes back what it did so that a boot of the image did not empty /tmp, and nothing that an action did', async () => {
  const [own, other] = ['# vmgrid\nd /tmp\n', 'D /tmp\n'];
  expect(await (await identified('vm-1', { 'etc/tmpfiles.d/tmp.conf': own })).read('etc/tmpfiles.d/tmp.conf')).toBe(
    'none',
  );
  expect(await (await identified('vm-1', { 'etc/tmpfiles.d/tmp.conf': other })).read('etc/tmpfiles.d/tmp.conf')).toBe(
    other,
  );
});

test('what is rehearsed is nobody, who is neither named nor has a key, and a clone writes over it', async () => {
  await withAgent({ 'etc/vmgrid/name': 'vm-7\n', 'etc/hostname': 'vm-7\n' }, async (guest, root) => {
    const read = (path: string) => readFile(join(root, path), 'utf8');
    await guest.prepare(signal);
    expect(await read('etc/hostname')).toBe('vmgrid\n');
    expect(await read('etc/machine-id')).toBe(`${'f'.repeat(32)}\n`);
    expect(await read('etc/ssh/ssh_host_ed25519_key')).not.toContain('KEY');
    const before = await stat(join(root, 'etc/ssh/ssh_host_ed25519_key'));
    const identity = makeCloneIdentity({ hostName: 'vm-8', macAddress: MAC });
    await (await guest.identify(identity, 0, signal)).settled;
    expect(await read('etc/hostname')).toBe('vm-8\n');
    expect(await read('etc/ssh/ssh_host_ed25519_key')).toBe(identity.hostKey.privateKey);
    expect((await stat(join(root, 'etc/ssh/ssh_host_ed25519_key'))).ino).toBe(before.ino);
  });
});

test('an identity that is none is refused, and nothing is changed by it', async () => {
  const identity = { ...makeCloneIdentity({ hostName: 'vm-1', macAddress: MAC }), machineId: '../../x' };
  await withAgent({}, async (guest, root) => {
    await expect(guest.identify(identity, 0, signal)).rejects.toMatchObject({
      code: 'GUEST_UNREACHABLE',
      message: expect.stringContaining('the machine id is none'),
    });
    expect(await readdir(join(root, 'etc'))).toEqual(['hosts', 'ssh']);
  });
});

test('a command prints line by line, on both outputs, and ends', async () => {
  const lines = await withAgent({}, (guest) => linesOf(guest, 'sh', '-c', 'echo one; echo two >&2; printf three'));
  expect(lines).toEqual(['one', 'two', 'three']);
});

test('more than one frame of output comes whole', async () => {
  const lines = await withAgent({}, (guest) => linesOf(guest, 'seq', '100000'));
  expect(lines).toHaveLength(100_000);
  expect(lines.at(-1)).toBe('100000');
});

test('a command that is not there is refused, and the next one runs', async () => {
  await withAgent({}, async (guest) => {
    await expect(linesOf(guest, 'vmgrid-none')).rejects.toMatchObject({ code: 'GUEST_UNREACHABLE' });
    expect(await linesOf(guest, 'echo', 'here')).toEqual(['here']);
  });
});

test('what a command leaves behind keeps it not from ending, and a command without output goes on', async () => {
  await withAgent({}, async (guest, root) => {
    const left = join(root, 'left');
    expect(await linesOf(guest, 'sh', '-c', `(sleep 300 & echo $! > ${left}); echo done`)).toEqual(['done']);
    process.kill(Number(await readFile(left, 'utf8')), 'SIGKILL');
    const quiet = join(root, 'quiet');
    await linesOf(guest, 'sh', '-c', `exec > /dev/null 2>&1; sleep 0.2; echo > ${quiet}`);
    expect(await readFile(quiet, 'utf8')).toBe('\n');
  });
});

test('a command that nobody reads any more is ended with all that it started, in whatever session', async () => {
  await withAgent({}, async (guest, root) => {
    await mkdir(join(root, 'pids'));
    const nested = `echo $$ > ${root}/pids/inner; echo ready; sleep 300`;
    const command = `echo $$ > ${root}/pids/outer; setsid sh -c '${nested}' & wait`;
    for await (const line of guest.run(['sh', '-c', command], signal)) if (line === 'ready') break;
    expect(await linesOf(guest, 'echo', 'next')).toEqual(['next']);
    for (const name of ['outer', 'inner']) {
      const pid = Number(await readFile(join(root, 'pids', name), 'utf8'));
      await eventually('it is gone', async () => !isAlive(pid));
    }
  });
});

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('a new host is answered though the one before it stopped in the middle of a frame', async () => {
  const half = encodeFrame({ id: 1, type: 3, content: Buffer.alloc(60_000) }).subarray(0, 1_000);
  const garbage = Buffer.concat([Buffer.from('vmgvmga'), half]);
  const lines = await withAgent({}, (guest) => linesOf(guest, 'echo', 'here'), { start: 'unknown', before: garbage });
  expect(lines).toEqual(['here']);
});

test('is up to a text that is longer than a hosts file ever is', async () => {
  const { warnings, read } = await identified('vm-1', { 'etc/hosts': `${'1.2.3.4 x\n'.repeat(120_000)}` });
  expect(warnings).toEqual(['/etc/hosts could not be read or written']);
  expect(await read('etc/hosts')).toHaveLength(1_200_000);
});

test('a resolver that is a link to what a guest writes itself is replaced once', async () => {
  const identity = makeCloneIdentity({ hostName: 'vm-1', macAddress: MAC });
  await withAgent({ 'run/stub': 'of another' }, async (guest, root) => {
    await symlink('../run/stub', join(root, 'etc/resolv.conf'));
    await (await guest.identify(identity, 0, signal)).settled;
    expect(await readFile(join(root, 'run/stub'), 'utf8')).toBe('of another');
    expect(await readFile(join(root, 'etc/resolv.conf'), 'utf8')).toBe('nameserver 10.0.2.3\n');
    await writeFile(join(root, 'etc/resolv.conf'), 'of an action\n');
    await (await guest.identify(identity, 0, signal)).settled;
    expect(await readFile(join(root, 'etc/resolv.conf'), 'utf8')).toBe('of an action\n');
  });
});
