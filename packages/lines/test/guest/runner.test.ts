import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';
import { testUnless } from '@vmgrid/test-support/jest/test-unless.ts';
import {
  type ConfigDiscPlan,
  type GuestAction,
  type GuestStep,
  writeConfigDisc,
} from '../../src/guest/disc/config-disc.ts';
import { parseReportLine, type RunnerEvent } from '../../src/guest/report.ts';
import { extractDisc } from './extract-disc.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmgrid-runner-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const script = (index: number, text: string, more: Partial<GuestAction> = {}, timeoutMs = 10_000): GuestStep => ({
  index,
  timeoutMs,
  action: { kind: 'script', id: `step-${index}`, script: text, ...more } as GuestAction,
});

/** In the kernel's form of `/proc/uptime`; the idle time has no meaning here. */
const uptimeText = (uptime: string): string => `${uptime} 0.00\n`;

const ends = (events: readonly RunnerEvent[]) =>
  events.flatMap((event) =>
    event.event === 'end' ? [[event.index, event.exitCode, event.timedOut, event.attempts]] : [],
  );

const outputs = (events: readonly RunnerEvent[]) =>
  events.flatMap((event) => (event.event === 'output' ? [event.text] : []));

interface Circumstances {
  /** How long the machine is up, in seconds; that of this machine unless it says otherwise. */
  readonly uptime?: string;
  /** Further files of the root. */
  readonly files?: Readonly<Record<string, string>>;
  /** Of the runner. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Before the runner starts. */
  readonly onDisc?: (disc: string, root: string) => void;
}

describe.each([
  ['sh', ['sh']],
  ['busybox sh', ['busybox', 'sh']],
] as const)('the runner under %s', (_name, shell) => {
  let count = 0;

  async function runIn(
    plan: ConfigDiscPlan,
    words: readonly string[],
    { uptime, files = {}, environment = {}, onDisc = () => undefined }: Circumstances = {},
  ): Promise<{ root: string; events: RunnerEvent[] }> {
    count += 1;
    const place = join(folder, `${shell.length}-${count}`);
    const root = join(place, 'root');
    await mkdir(join(root, 'etc/ssh'), { recursive: true });
    await writeFile(join(root, 'etc/hosts'), '127.0.0.1 localhost\n127.0.1.1 golden\n10.0.0.9 friend\n');
    await writeFile(join(root, 'etc/ssh/ssh_host_rsa_key'), 'of the image');
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), content);
    }
    await mkdir(join(root, 'proc'));
    if (uptime === undefined) await symlink('/proc/uptime', join(root, 'proc/uptime'));
    else await writeFile(join(root, 'proc/uptime'), uptimeText(uptime));
    await writeConfigDisc(join(place, 'disc.iso'), plan);
    const disc = extractDisc(join(place, 'disc.iso'), join(place, 'disc'));
    onDisc(disc, root);
    const [program = 'sh', ...before] = shell;
    const child = spawn(program, [...before, join(disc, 'runner.sh'), disc, ...words], {
      env: { ...process.env, VMGRID_ROOT: root, UPTIME: join(root, 'proc/uptime'), ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    await once(child.stdout, 'end');
    return { root, events: text.trimEnd().split('\n').map(parseReportLine) };
  }

  const run = async (...steps: GuestStep[]): Promise<RunnerEvent[]> =>
    (await runIn({ steps }, ['run', '0', String(steps.length - 1)])).events;

  test('reports an action from its begin to its end, with attributes and output', async () => {
    const events = await run(script(0, 'echo hello; echo \'Name = "x"\' > "$VMGRID_ATTRIBUTES"'));
    expect(events).toEqual([
      { event: 'begin', index: 0, attempt: 1 },
      { event: 'attributes', index: 0, text: 'Name = "x"\n' },
      { event: 'output', index: 0, text: 'hello\n' },
      { event: 'end', index: 0, exitCode: 0, timedOut: false, durationMs: expect.any(Number), attempts: 1 },
      { event: 'finished' },
    ]);
  });

  test.each([
    ['0.00', '0.98', 980],
    ['0.08', '0.10', 20],
    ['0.98', '1.07', 90],
    ['0.10', '0.98', 880],
    ['9.99', '10.00', 10],
    ['10.00', '10.08', 80],
    ['31622400.09', '31622401.08', 990],
  ])('an action from the uptime %s to %s took %i ms', async (from, to, durationMs) => {
    const steps = [script(0, `echo '${uptimeText(to)}' > "$UPTIME"`)];
    const { events } = await runIn({ steps }, ['run', '0', '0'], { uptime: from });
    expect(events.slice(1)).toEqual([
      { event: 'end', index: 0, exitCode: 0, timedOut: false, durationMs, attempts: 1 },
      { event: 'finished' },
    ]);
  });

  test.each(['0.08', '0.98'])('a file is put in place at the uptime %s', async (uptime) => {
    const owner = userInfo().username;
    const action = { kind: 'file', id: 'f', path: '/opt/f', owner, content: 'text' } as const;
    const { events } = await runIn({ steps: [{ index: 0, timeoutMs: 1_000, action }] }, ['run', '0', '0'], { uptime });
    expect(ends(events)).toEqual([[0, 0, false, 1]]);
  });

  test('stops at a failure, unless the action says to go on', async () => {
    const events = await run(script(0, 'exit 3', { onError: 'continue' }), script(1, 'false\ntrue'), script(2, 'true'));
    expect(ends(events)).toEqual([
      [0, 3, false, 1],
      [1, 1, false, 1],
    ]);
    expect(events.slice(-2)).toEqual([{ event: 'stopped', index: 1 }, { event: 'finished' }]);
  });

  test('tries again after the recover script', async () => {
    const events = await run(
      script(0, 'test -e "$FLAG"', {
        retries: 2,
        recover: 'touch "$FLAG"',
        environment: { FLAG: join(folder, `flag-${shell.length}`) },
      }),
    );
    expect(ends(events)).toEqual([[0, 0, false, 2]]);
    expect(events.filter(({ event }) => event === 'recovered')).toHaveLength(1);
  });

  test('runs no action before its boot is over, and waits for a boot once', async () => {
    const asked = 'run/systemd/system/asked';
    const files = { [asked]: '', 'bin/systemctl': `#!/bin/sh\necho "$*" >> "$VMGRID_ROOT/${asked}"\necho degraded\n` };
    const onDisc = (_: string, root: string) => chmodSync(join(root, 'bin/systemctl'), 0o755);
    const steps = [script(0, `cat "$VMGRID_ROOT/${asked}"`), script(1, 'true')];
    const { events, root } = await runIn({ steps }, ['run', '0', '0', 'run', '1', '1'], { files, onDisc });
    expect(outputs(events)).toEqual(['is-system-running --wait\n']);
    expect(readFileSync(join(root, asked), 'utf8')).toBe('is-system-running --wait\n');
    expect(events.map(({ event }) => event)).not.toContain('warning');
  });

  test('warns of a boot that is not over in time, and runs the actions', async () => {
    const files = { 'run/systemd/system/.keep': '', 'bin/systemctl': '#!/bin/sh\nexit 1\n' };
    const onDisc = (_: string, root: string) => chmodSync(join(root, 'bin/systemctl'), 0o755);
    const { events } = await runIn({ steps: [script(0, 'true')] }, ['run', '0', '0'], { files, onDisc });
    expect(events[0]).toMatchObject({ event: 'warning', text: expect.stringMatching(/not up within 60 s/) });
    expect(ends(events)).toEqual([[0, 0, false, 1]]);
  });

  test('restarts the machine after an action that is to restart it, and tells afterwards what that told', async () => {
    const steps = [script(0, 'echo up; echo "A = 1" >> "$VMGRID_ATTRIBUTES"', { reboot: true }), script(1, 'true')];
    const files = { 'sbin/reboot': '#!/bin/sh\necho "the bus is busy"\nexit 1\n' };
    const onDisc = (_: string, root: string) => chmodSync(join(root, 'sbin/reboot'), 0o755);
    const { events, root } = await runIn({ steps }, ['run', '0', '1'], { files, onDisc });
    expect(events).toEqual([
      { event: 'begin', index: 0, attempt: 1 },
      { event: 'output', index: 0, text: 'up\n' },
      { event: 'restarts', index: 0 },
      { event: 'broken', text: 'the machine did not restart: the bus is busy\n' },
    ]);
    expect(readFileSync(join(root, 'etc/vmgrid/attributes'), 'utf8')).toBe('A = 1\n');
    const kept = { 'etc/vmgrid/attributes': 'A = 1\n' };
    const after = await runIn({ steps }, ['restarted', '0', 'run', '1', '1'], { files: kept });
    expect(after.events.slice(0, 3)).toEqual([
      { event: 'attributes', index: 0, text: 'A = 1\n' },
      { event: 'restarted', index: 0 },
      { event: 'begin', index: 1, attempt: 1 },
    ]);
    expect(existsSync(join(after.root, 'etc/vmgrid/attributes'))).toBe(false);
  });

  test('leaves nothing of an action that restarted the machine and told nothing', async () => {
    const steps = [script(0, 'true', { reboot: true })];
    const { events, root } = await runIn({ steps }, ['restarted', '0'], { files: { 'etc/vmgrid/attributes': '' } });
    expect(events).toEqual([{ event: 'restarted', index: 0 }, { event: 'finished' }]);
    expect(existsSync(join(root, 'etc/vmgrid/attributes'))).toBe(false);
  });

  test('restarts nothing after an action that failed, and leaves nothing of it', async () => {
    const failing = script(0, 'echo "A = 1" >> "$VMGRID_ATTRIBUTES"; exit 3', { reboot: true, onError: 'continue' });
    const { events, root } = await runIn({ steps: [failing] }, ['run', '0', '0']);
    expect(events.slice(1)).toMatchObject([{ event: 'end', exitCode: 3 }, { event: 'finished' }]);
    expect(existsSync(join(root, 'etc/vmgrid/attributes'))).toBe(false);
  });

  test('runs a recover script by its own shell, if it names one', async () => {
    const mark = join(folder, `recovered-${shell.length}`);
    const recover = `#!/usr/bin/perl\nopen(my $mark, '>', '${mark}'); print $mark "perl";\n`;
    await run(script(0, `test -e ${mark}`, { retries: 1, recover }));
    expect(readFileSync(mark, 'utf8')).toBe('perl');
  });

  test('kills what runs too long with all it started, though it ignores being asked', async () => {
    const mark = `${7_000 + shell.length}.25`;
    const events = await run({ ...script(0, `trap '' TERM; sleep ${mark} & sleep ${mark}`), timeoutMs: 1_000 });
    expect(ends(events)).toEqual([[0, expect.any(Number), true, 1]]);
    // A killed process is gone a little later.
    await eventually('nothing of it is left', async () => (await commandLines()).every((line) => !line.includes(mark)));
  }, 20_000);

  test('kills what runs too long though it has closed its output', async () => {
    const events = await run({ ...script(0, 'exec > /dev/null 2>&1; sleep 600'), timeoutMs: 1_000 });
    expect(ends(events)).toEqual([[0, 143, true, 1]]);
  });

  test('an action ignores no signal', async () => {
    const [text] = outputs(await run(script(0, 'grep SigIgn /proc/self/status')));
    expect(text).toMatch(/^SigIgn:\t0+\n$/);
  });

  test('a daemon that keeps the output open neither holds up the runner nor is killed', async () => {
    const mark = `${8_000 + shell.length}.5`;
    const events = await run(script(0, `sleep ${mark} & echo $!`), script(1, 'true'));
    const pid = Number(outputs(events)[0]);
    expect(ends(events)).toHaveLength(2);
    process.kill(pid, 'SIGKILL');
  });

  test('keeps the last 4 KiB of the output', async () => {
    const [text = ''] = outputs(await run(script(0, 'i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done')));
    expect(Buffer.byteLength(text)).toBe(4_096);
    expect(text.endsWith('line 2999\n')).toBe(true);
  });

  test('an action that prints 17 MiB goes on to its end', async () => {
    const flood = 'head -c 17825792 /dev/zero | tr "\\0" x; echo; echo last; exit 3';
    const events = await run(script(0, flood, { onError: 'continue' }), script(1, 'echo next'));
    expect(ends(events).map(([index, code]) => [index, code])).toEqual([
      [0, 3],
      [1, 0],
    ]);
    expect(outputs(events)).toEqual([expect.stringMatching(/^x{4090}\nlast\n$/), 'next\n']);
  });

  test('in a guest without the locale an action tells its own output alone, and has the environment that it had', async () => {
    const steps = [script(0, 'echo "hello, $LC_ALL $PERL_BADLANG"')];
    const environment = { LC_ALL: 'xx_XX.nowhere' };
    const { events } = await runIn({ steps }, ['run', '0', '0'], { environment });
    expect(outputs(events)).toEqual(['hello, xx_XX.nowhere \n']);
  });

  test('in a guest without perl actions run, end in time and tell their output too', async () => {
    const steps = [
      script(0, 'echo hello; exit 3', { onError: 'continue' }),
      { ...script(1, 'echo on; sleep 600'), timeoutMs: 1_000 },
    ];
    const { events } = await runIn({ steps }, ['run', '0', '1'], {
      onDisc(disc) {
        const runner = join(disc, 'runner.sh');
        writeFileSync(runner, readFileSync(runner, 'utf8').replace('command -v perl', 'false'));
      },
    });
    expect(ends(events).map(([index, code, late]) => [index, code, late])).toEqual([
      [0, 3, false],
      [1, expect.any(Number), true],
    ]);
    expect(outputs(events)).toEqual(['hello\n', 'on\n']);
  });

  test('a daemon that floods its output neither stops the next action nor is stopped', async () => {
    const number = join(folder, `flood-${shell.length}`);
    const flood = script(0, `yes flood & echo $! > ${number}`);
    const events = await run(flood, script(1, 'sleep 0.5'), script(2, 'echo next'));
    expect([ends(events).map(([, code]) => code), outputs(events).at(-1)]).toEqual([[0, 0, 0], 'next\n']);
    process.kill(Number(await readFile(number, 'utf8')), 'SIGKILL');
  });

  test('says nothing of what a secret action prints', async () => {
    expect(outputs(await run(script(0, 'echo hidden; exit 1', { secret: true })))).toEqual([]);
  });

  test('refuses attributes over the limit', async () => {
    const events = await run(script(0, 'head -c 70000 /dev/zero | tr "\\0" x > "$VMGRID_ATTRIBUTES"'));
    expect(events).toContainEqual({ event: 'attributes-too-long', index: 0 });
  });

  test('an action that makes a folder of the file for attributes tells none, and the next one tells its own', async () => {
    const folderOfIt = 'rm "$VMGRID_ATTRIBUTES"; mkdir "$VMGRID_ATTRIBUTES"; touch "$VMGRID_ATTRIBUTES/x"';
    const events = await run(script(0, folderOfIt), script(1, 'echo "A = 1" > "$VMGRID_ATTRIBUTES"'));
    expect(ends(events).map(([, code]) => code)).toEqual([0, 0]);
    expect(events.filter(({ event }) => event === 'attributes')).toEqual([
      { event: 'attributes', index: 1, text: 'A = 1\n' },
    ]);
    expect(events.at(-1)).toEqual({ event: 'finished' });
  });

  test('hands over an environment exactly, even names the runner uses itself', async () => {
    const environment = { A: "it's\n$(x) `y` \\", limit: '1', id: '99', timeout_s: 'no' };
    const [text] = outputs(
      await run(script(0, 'printf "%s|%s|%s|%s" "$A" "$limit" "$id" "$timeout_s"', { environment })),
    );
    expect(text).toBe(`${environment.A}|1|99|no`);
  });

  test('runs a script by its own interpreter when it names one', async () => {
    const [text] = outputs(await run(script(0, '#!/usr/bin/perl\nprint "perl ", 6 * 7;')));
    expect(text).toBe('perl 42');
  });

  test('puts a file in place whose path leads out of a folder that is not there yet', async () => {
    const path = '/new/../other/./new/../file';
    const file = { kind: 'file' as const, id: 'f', path, content: 'x', owner: userInfo().username };
    const { root, events } = await runIn({ steps: [{ index: 0, timeoutMs: 10_000, action: file }] }, ['run', '0', '0']);
    expect(ends(events)).toEqual([[0, 0, false, 1]]);
    expect(readFileSync(join(root, 'other/file'), 'utf8')).toBe('x');
  });

  test('puts a file in place with its mode and its parents', async () => {
    const owner = `${userInfo().username}`;
    const file = {
      kind: 'file',
      id: 'f',
      path: "/opt/a b/it's",
      mode: '0640',
      owner,
      encoding: 'base64',
      content: 'AAH/',
    } as const;
    const { root, events } = await runIn({ steps: [{ index: 0, timeoutMs: 1_000, action: file }] }, ['run', '0', '0']);
    expect(ends(events)).toEqual([[0, 0, false, 1]]);
    const path = join(root, "/opt/a b/it's");
    expect(await readFile(path)).toEqual(Buffer.from([0, 1, 255]));
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    expect(await readdir(join(root, 'opt/a b'))).toEqual(["it's"]);
  });

  const fileAction = (more: object) =>
    ({ kind: 'file', id: 'f', path: '/opt/a/b/f', content: 'x', ...more }) as GuestAction;
  const testAsRoot = testUnless(userInfo().uid === 0 ? undefined : 'only root can give files away');
  testAsRoot('a file that is given away keeps setuid, and the folders made on its way are given too', async () => {
    const step = { index: 0, timeoutMs: 10_000, action: fileAction({ mode: '4755', owner: 'nobody:nogroup' }) };
    const { root } = await runIn({ steps: [step] }, ['run', '0', '0']);
    const modes = await Promise.all(['opt', 'opt/a', 'opt/a/b', 'opt/a/b/f'].map((path) => stat(join(root, path))));
    expect(new Set(modes.map(({ uid }) => uid))).toEqual(new Set([65_534]));
    expect(modes.map(({ mode }) => (mode & 0o7777).toString(8))).toEqual(['755', '755', '755', '4755']);
  });

  test("a file that only its owner may read is nobody else's while it is written", async () => {
    let [source, written] = ['', ''];
    // It waits for the text on purpose: its time is not to end before this test has looked.
    const action = fileAction({ path: '/opt/f', mode: '0600', owner: userInfo().username, secret: true });
    const step = { index: 0, timeoutMs: 600_000, action };
    const running = runIn({ steps: [step] }, ['run', '0', '0'], {
      onDisc(disc, root) {
        [source, written] = [join(disc, 's0'), join(root, 'opt/.vmgrid.0')];
        rmSync(source);
        execFileSync('mkfifo', [source]); // which keeps the runner waiting for the text
      },
    });
    await eventually('the file is being written', async () => existsSync(written));
    expect(statSync(written).mode & 0o077).toBe(0);
    await writeFile(source, 'text');
    expect(ends((await running).events)).toEqual([[0, 0, false, 1]]);
  });

  test.each(['eth0', 'ens6'])('finds the network card by the name that its system gave it: %s', async (card) => {
    const net = `sys/class/net/${card}`;
    const files = { [`${net}/device`]: '', [`${net}/carrier`]: '1\n', 'sys/class/net/lo/carrier': '1\n' };
    const identity = { hostName: 'vm-1', macAddress: '52:54:00:aa:bb:cc' };
    const { root, events } = await runIn({ identity, steps: [] }, ['identity', '1'], { files });
    const network = await readFile(join(root, 'etc/vmgrid/network'), 'utf8');
    expect(network).toContain(`ip link set ${card} address 52:54:00:aa:bb:cc\n`);
    expect(events.map(({ event }) => event)).toEqual(['attributes', 'identity', 'finished']);
  });

  test('gives the guest a name, a host key and a network script, and keeps its other hosts', async () => {
    const identity = { hostName: 'vm-7', macAddress: '52:54:00:aa:bb:cc' };
    const { root, events } = await runIn({ identity, steps: [] }, ['identity', '1700000000.5']);
    expect(events).toEqual([
      { event: 'attributes', index: undefined, text: expect.stringMatching(/^SshHostKey = "ssh-ed25519 \S+"\n$/) },
      { event: 'identity' },
      { event: 'finished' },
    ]);
    expect(await readFile(join(root, 'etc/hosts'), 'utf8')).toBe(
      '127.0.0.1 localhost\n127.0.1.1 golden\n10.0.0.9 friend\n127.0.1.1 vm-7\n',
    );
    expect(await readFile(join(root, 'etc/hostname'), 'utf8')).toBe('vm-7\n');
    expect(await readFile(join(root, 'etc/resolv.conf'), 'utf8')).toMatch(/^nameserver /);
    expect(await readFile(join(root, 'etc/machine-id'), 'utf8')).toMatch(/^[0-9a-f]{32}\n$/);
    expect(await readFile(join(root, 'etc/vmgrid/network'), 'utf8')).toContain('address 52:54:00:aa:bb:cc\n');
    expect((await readdir(join(root, 'etc/ssh'))).sort()).toEqual(['ssh_host_ed25519_key', 'ssh_host_ed25519_key.pub']);
    expect((await stat(join(root, 'etc/ssh/ssh_host_ed25519_key'))).mode & 0o777).toBe(0o600);
  });

  const rename = async (files: Readonly<Record<string, string>>) => {
    const identity = { hostName: 'vm-8', macAddress: '52:54:00:aa:bb:cc' };
    const given = { 'etc/vmgrid/name': 'vm-7\n', 'etc/hostname': 'vm-7\n', ...files };
    const { root } = await runIn({ identity, steps: [] }, ['identity', '1700000000.5'], { files: given });
    const read = (path: string) => readFile(join(root, path), 'utf8').catch(() => 'none');
    return {
      hosts: await read('etc/hosts'),
      name: await read('etc/hostname'),
      resolver: await read('etc/resolv.conf'),
    };
  };

  test('changes its own line of the hosts file where it stands, and no other', async () => {
    const { hosts, name } = await rename({ 'etc/hosts': '127.0.1.1 vm-7\n127.0.1.1 db.example.org db\n::1 six' });
    expect([hosts, name]).toEqual(['127.0.1.1 vm-8\n127.0.1.1 db.example.org db\n::1 six\n', 'vm-8\n']);
  });

  test('leaves a hosts file, a host name and a resolver as an action of the image made them', async () => {
    const made = { hosts: '127.0.1.1 db.example.org\n', name: 'db\n', resolver: 'nameserver 192.0.2.1\n' };
    const files = { 'etc/hosts': made.hosts, 'etc/hostname': made.name, 'etc/resolv.conf': made.resolver };
    expect(await rename(files)).toEqual(made);
  });

  test('puts what the image has of a journal where programs look for that of the clone', async () => {
    const [old, older] = ['a'.repeat(32), 'b'.repeat(32)];
    const identity = { hostName: 'vm-8', macAddress: '52:54:00:aa:bb:cc' };
    const files = {
      'run/systemd/journal/socket': '',
      [`var/log/journal/${old}/system.journal`]: 'last',
      [`var/log/journal/${old}/user-1000.journal`]: 'of a user',
      [`var/log/journal/${older}/system.journal`]: 'first',
    };
    const { root } = await runIn({ identity, steps: [] }, ['identity', '1700000000.5'], { files });
    const [id, ...others] = await readdir(join(root, 'var/log/journal'));
    expect([id, others]).toEqual([(await readFile(join(root, 'etc/machine-id'), 'utf8')).trim(), []]);
    expect((await readdir(join(root, 'var/log/journal', id!))).sort()).toEqual([
      'system@0000000000000000-aaaaaaaaaaaaaaaa.journal~',
      'system@0000000000000000-bbbbbbbbbbbbbbbb.journal~',
      'user-1000.journal',
    ]);
  });

  test('takes out of an image what clones must not share', async () => {
    const { root } = await runIn({ steps: [] }, ['quiesce']);
    expect(await readdir(join(root, 'etc/ssh'))).toEqual([]);
    expect(await readFile(join(root, 'etc/machine-id'), 'utf8')).toBe('');
  });
});

async function commandLines(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
}
