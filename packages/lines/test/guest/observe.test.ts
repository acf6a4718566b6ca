/** The runner's report on what a boot would lose, for a machine that is a folder. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeConfigDisc } from '../../src/guest/disc/config-disc.ts';
import { parseReportLine } from '../../src/guest/report.ts';
import { extractDisc } from './extract-disc.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmgrid-observe-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const FILES: Readonly<Record<string, string>> = {
  'proc/1/stat': '1 (init) S 0 1 1 0 -1 4194560 0 0',
  'proc/1/cgroup': '0::/init.scope\n',
  'proc/mounts': '/dev/vda / ext4 rw 0 0\ntmpfs /run tmpfs rw 0 0\n/dev/vdb /srv ext4 rw 0 0\n',
  'proc/swaps': 'Filename Type Size Used Priority\n',
  'proc/sys/vm/swappiness': '60\n',
  'proc/sys/kernel/random/uuid': 'a\n',
  'etc/fstab': '/dev/vda / ext4 defaults 0 1\n/dev/vdb /srv ext4 defaults 0 2\n#/dev/vdc /off ext4 defaults 0 2\n',
  'usr/lib/tmpfiles.d/web.conf': 'd /run/web 0755 web web -\nD /tmp 1777 root root -\n',
  'run/base': 'of the base',
};

/** Starts a process on paper. */
const started = (pid: number, name: string, flags: number, group: string): string =>
  `mkdir -p $VMGRID_ROOT/proc/${pid}
   echo '${pid} (${name}) S 1 ${pid} ${pid} 0 -1 ${flags} 0 0' >$VMGRID_ROOT/proc/${pid}/stat
   echo '0::${group}' >$VMGRID_ROOT/proc/${pid}/cgroup`;

const AGENT = '/system.slice/vmgrid-agent.service';
const lost: readonly (readonly [string, string, string])[] = [
  ['a daemon left behind', started(40, 'my daemon', 0, AGENT), 'process my daemon\n'],
  ['a mount', 'echo "/dev/vdc /data ext4 rw 0 0" >>$VMGRID_ROOT/proc/mounts', 'mount /data ext4 rw\n'],
  ['the end of a mount that a boot makes', 'sed -i /srv/d $VMGRID_ROOT/proc/mounts', 'mount /srv was ended\n'],
  ['swap', 'echo "/swap file 1024 0 -2" >>$VMGRID_ROOT/proc/swaps', 'swap /swap\n'],
  ['a file in memory', 'echo x >$VMGRID_ROOT/run/mine', 'file /run/mine\n'],
  ['a file that no process stands behind', 'echo 99 >$VMGRID_ROOT/run/my.pid', 'file /run/my.pid\n'],
  ['a setting', 'echo 10 >$VMGRID_ROOT/proc/sys/vm/swappiness', 'setting vm.swappiness = 10\n'],
  [
    'what a module brings',
    `mkdir -p $VMGRID_ROOT/sys/module/bridge $VMGRID_ROOT/proc/sys/net/bridge
     echo 1 >$VMGRID_ROOT/proc/sys/net/bridge/filter`,
    'setting net.bridge.filter = 1\n',
  ],
  ['a link', 'mkdir -p $VMGRID_ROOT/sys/class/net/dummy0', 'link dummy0\n'],
];
const kept: readonly (readonly [string, string])[] = [
  ['files on the disk', 'echo x >$VMGRID_ROOT/etc/mine'],
  ['a process of a service', started(41, 'web', 0, '/system.slice/web.service')],
  ...['timeout', '/bin/busybox timeout'].map(
    (words) =>
      [
        `what ends with what it watches, ${words}`,
        `${started(43, words.slice(words.lastIndexOf('/') + 1).split(' ')[0]!, 0, AGENT)}
         printf '%s -k 5 20 /bin/sh' '${words}' | tr ' ' '\\0' >$VMGRID_ROOT/proc/43/cmdline`,
      ] as const,
  ),
  [
    'what the runner started itself, and what that started',
    `runner=$PPID; until tr '\\0' ' ' </proc/$runner/cmdline | grep -q runner.sh; do
       read -r _ _ _ runner _ </proc/$runner/stat; done
     ${started(45, 'sh', 0, AGENT)}; ${started(46, 'awk', 0, AGENT)}
     sed -i "s/ S 1 / S $runner /" $VMGRID_ROOT/proc/45/stat; sed -i 's/ S 1 / S 45 /' $VMGRID_ROOT/proc/46/stat`,
  ],
  ['a thread of the kernel', started(42, 'kworker', 0x200000, '/')],
  [
    'a mount of fstab',
    `echo '/dev/vdd /data ext4 defaults 0 0' >>$VMGRID_ROOT/etc/fstab
     echo '/dev/vdd /data ext4 rw 0 0' >>$VMGRID_ROOT/proc/mounts`,
  ],
  ['a line of fstab', "echo '/dev/vdd /data ext4 defaults 0 0' >>$VMGRID_ROOT/etc/fstab"],
  ['a file that a process stands behind', 'echo 1 >$VMGRID_ROOT/run/init.pid'],
  ['what tmpfiles makes', 'mkdir $VMGRID_ROOT/run/web; echo x >$VMGRID_ROOT/run/web/state'],
  [
    'what tmpfiles makes from now on',
    `echo 'd /run/cache 0755 root root -' >$VMGRID_ROOT/usr/lib/tmpfiles.d/cache.conf; mkdir $VMGRID_ROOT/run/cache`,
  ],
  [
    'what a service makes that is new',
    `mkdir -p $VMGRID_ROOT/etc/systemd/system; mkdir $VMGRID_ROOT/run/one $VMGRID_ROOT/run/two
     printf '[Service]\\nRuntimeDirectory=one two\\n' >$VMGRID_ROOT/etc/systemd/system/new.service`,
  ],
  [
    'a setting that is configured',
    `echo 10 >$VMGRID_ROOT/proc/sys/vm/swappiness; mkdir -p $VMGRID_ROOT/etc/sysctl.d
     echo 'vm.swappiness = 10 # less' >$VMGRID_ROOT/etc/sysctl.d/mine.conf`,
  ],
  ['numbers that change by themselves', 'echo b >$VMGRID_ROOT/proc/sys/kernel/random/uuid'],
];

/** Names of units, and what systemd says of them. */
const UNITS: Readonly<Record<string, string>> = {
  'bus.service': 'BusName=org.bus ActiveState=active',
  'enabled.service': 'ActiveState=active UnitFileState=enabled',
  'loose.service': 'ActiveState=active UnitFileState=static',
  'by-timer.service': 'ActiveState=active TriggeredBy=dead.socket,live.timer',
  'by-dead.service': 'ActiveState=active TriggeredBy=dead.socket',
  'dead.socket': 'ActiveState=inactive UnitFileState=disabled',
  'live.timer': 'ActiveState=active WantedBy=timers.target',
  'ended.service': 'ActiveState=inactive UnitFileState=enabled',
  'broken.service': 'ActiveState=failed',
};
const OBSERVER = join(import.meta.dirname, '../../src/guest/observe.sh');

test.each(['awk', 'busybox awk'])('what systemd says of units is read by %s', async (awk) => {
  const blocks = Object.entries(UNITS).map(([id, words]) => [...words.split(' '), `Id=${id}`, ''].join('\n'));
  const script = `box= root=; . ${OBSERVER}; printf '%s' "$1" | ${awk} "$UNITS"`;
  const text = blocks.join('\n').replaceAll(',', ' ');
  const { stdout } = await promisify(execFile)('sh', ['-c', script, 'sh', text]);
  expect(stdout.trim().split('\n')).toEqual([
    'come unit enabled.service',
    'lost unit loose.service',
    'lost unit by-dead.service',
    'come unit live.timer',
    'gone unit ended.service',
    'lost failed unit broken.service',
  ]);
});

describe.each([
  ['sh', ['sh']],
  ['busybox sh', ['busybox', 'sh']],
] as const)('under %s', (_, [program, ...words]) => {
  /** Returns what the runner reports as lost, for each script. */
  async function observe(...scripts: readonly string[]): Promise<readonly string[]> {
    const place = await mkdtemp(join(folder, 'machine-'));
    const root = join(place, 'root');
    for (const [path, content] of Object.entries(FILES)) {
      await mkdir(join(root, path, '..'), { recursive: true });
      await writeFile(join(root, path), content);
    }
    await symlink('/proc/uptime', join(root, 'proc/uptime'));
    const steps = scripts.map((script, index) => ({
      ...{ index, timeoutMs: 10_000 },
      action: { kind: 'script', id: `step-${index}`, script } as const,
    }));
    await writeConfigDisc(join(place, 'disc.iso'), { steps, observe: true });
    const disc = extractDisc(join(place, 'disc.iso'), join(place, 'disc'));
    const runner = [...words, join(disc, 'runner.sh'), disc, 'run', '0', String(steps.length - 1)];
    const { stdout, stderr } = await promisify(execFile)(program, runner, {
      env: { ...process.env, VMGRID_ROOT: root },
    });
    expect(stderr).toBe('');
    const events = stdout.trim().split('\n').map(parseReportLine);
    expect(events.filter(({ event }) => event === 'noise' || event === 'broken')).toEqual([]);
    expect(events.at(-1)).toEqual({ event: 'finished' });
    const ends = events.flatMap((event) => (event.event === 'end' ? [event.exitCode] : []));
    expect(ends).toEqual(steps.map(() => 0));
    return steps.map(({ index }) =>
      events.flatMap((event) => (event.event === 'loses' && event.index === index ? [event.text] : [])).join(''),
    );
  }

  test.each(lost)(
    'a boot loses %s',
    async (_, script, told) => {
      expect(await observe('true', script, 'true')).toEqual(['', told, '']);
    },
    30_000,
  );

  test.each(kept)(
    'a boot keeps %s',
    async (_, script) => {
      expect(await observe(script, 'true')).toEqual(['', '']);
    },
    30_000,
  );

  test('where what an action left cannot be written down, a boot loses it', async () => {
    const full = 'ln -sf /dev/null $VMGRID_ROOT/run/vmgrid/seen.1; echo x >$VMGRID_ROOT/run/mine';
    expect(await observe('true', full)).toEqual(['', 'what could not be looked at\n']);
  }, 30_000);

  test('a second one like the first is seen', async () => {
    const twice = [started(40, 'sleep', 0, AGENT), started(44, 'sleep', 0, AGENT)];
    expect(await observe(...twice)).toEqual(['process sleep\n', 'process sleep (2)\n']);
  }, 30_000);
});
