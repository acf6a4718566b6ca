import { expect, test } from '@jest/globals';
import { compareLines, compareManifests } from '../../src/equality/compare-manifests.ts';
import { readManifest as readWhole } from '../../src/equality/guest-manifest.ts';

const readManifest = (lines: readonly string[]) => readWhole([...lines, 'that is all']);

const cold = [
  'file\t/etc/motd\tregular file 644 0:0 5 1 7',
  'digest\t/etc/motd\tabc',
  'file\t/srv\tdirectory 755 0:0 4096 3 8',
  'process\tweb\t1',
  'unit\tweb.service\tactive running',
  'attribute\tVersion\t"4.2"',
];
const differences = async (...changed: readonly string[]) =>
  compareManifests(await readManifest(cold), await readManifest(changed));
const without = (word: string, ...more: readonly string[]) => [...cold.filter((line) => !line.includes(word)), ...more];

test('guests that have the same are equal, whatever the numbers of inodes and the sizes of folders', async () => {
  const other = without(
    'file\t',
    'file\t/etc/motd\tregular file 644 0:0 5 1 9',
    'file\t/srv\tdirectory 755 0:0 8192 4 1',
  );
  expect(await differences(...other)).toEqual([]);
});

test.each([
  ['a mode', without('file\t/etc', 'file\t/etc/motd\tregular file 4644 0:0 5 1 7'), 'file /etc/motd'],
  ['an owner', without('file\t/etc', 'file\t/etc/motd\tregular file 644 1:0 5 1 7'), 'file /etc/motd'],
  ['a text', without('digest', 'digest\t/etc/motd\tdef'), 'digest /etc/motd'],
  ['the mode of a folder', without('/srv', 'file\t/srv\tdirectory 1777 0:0 4096 3 8'), 'file /srv'],
  ['a process that is gone', without('process'), 'process web'],
  ['a second process', without('process', 'process\tweb\t2'), 'process web'],
  ['a unit that failed', without('unit', 'unit\tweb.service\tfailed failed'), 'unit web.service'],
  ['an attribute', without('attribute'), 'attribute Version'],
  ['a socket', [...cold, 'socket\ttcp 0000:1F90\tlistens'], 'socket tcp 0000:1F90'],
])('%s differs', async (_, other, item) => {
  expect(await differences(...other)).toEqual([expect.objectContaining({ item })]);
});

test('what is missing is told as such', async () => {
  expect(await differences(...without('process'))).toEqual([{ item: 'process web', cold: '1' }]);
});

test('names of one file are told from copies of it', async () => {
  const linked = ['file\t/a\tregular file 644 0:0 5 2 7', 'file\t/b\tregular file 644 0:0 5 2 7'];
  const moved = ['file\t/a\tregular file 644 0:0 5 2 70', 'file\t/b\tregular file 644 0:0 5 2 70'];
  const copied = ['file\t/a\tregular file 644 0:0 5 1 7', 'file\t/b\tregular file 644 0:0 5 1 8'];
  const [one, two, three] = await Promise.all([linked, moved, copied].map((lines) => readManifest(lines)));
  expect(compareManifests(one!, two!)).toEqual([]);
  expect(compareManifests(one!, three!)).toMatchObject([{ item: 'file /a' }, { item: 'file /b' }]);
});

test('identity, times and logs may differ, and nothing of the actions', async () => {
  const own = ['digest\t/etc/machine-id\tx', 'digest\t/var/log/dpkg.log\tx', 'unit\tapt-daily.timer\tactive waiting'];
  expect(await differences(...cold, ...own)).toEqual([]);
  const left = ['digest\t/etc/machine-idx\tx', 'file\t/var/log/mine\tregular file 644 0:0 5 1 7', 'process\tsleep\t1'];
  expect(await differences(...cold, ...left)).toHaveLength(3);
});

test('names with tabs and lines that are nothing do not confuse it', async () => {
  const manifest = await readManifest(['digest\ta\tb\tabc', 'noise', 'file\tx']);
  expect([...manifest]).toEqual([['digest\ta\tb', 'abc']]);
});

test('a unit that does not run is no difference, and one that failed or ended is', async () => {
  const idle = 'unit\tqemu-guest-agent.service\tinactive dead';
  expect(await differences(...cold, idle)).toEqual([]);
  const ended = without('unit', 'unit\tweb.service\tinactive dead');
  expect(await differences(...ended)).toEqual([{ item: 'unit web.service', cold: 'active' }]);
});

test('the numbers of processes differ, and what stands in other files of memory does not', async () => {
  const pid = (number: string, name = 'web.pid') => [
    `file\t/run/${name}\tregular file 644 0:0 ${number.length} 1 7`,
    `digest\t/run/${name}\t${number}`,
  ];
  const compared = async (one: readonly string[], other: readonly string[]) =>
    compareManifests(await readManifest(one), await readManifest(other));
  expect(await compared(pid('99'), pid('101'))).toEqual([]);
  expect(await compared(pid('99', 'state'), pid('101', 'state'))).toHaveLength(2);
  expect(await compared(pid('99'), [])).toMatchObject([{ item: 'file /run/web.pid' }]);
});

const ANY6 = '0'.repeat(32);
const SELF6 = `${'0'.repeat(24)}01000000`;
const kernels = [
  'unit file\tserial-getty@.service\tindirect',
  ...['mount\t/dev\ttmpfs rw,inode64', 'mount\t/sys/fs/bpf\tbpf rw', `socket\ttcp6 ${ANY6}:0016\tlistens`],
  ...['socket\ttcp 0100007F:1538\tlistens', `socket\ttcp6 ${SELF6}:1538\tlistens`],
];
const plain = [
  'unit file\tserial-getty@.service\tdisabled',
  'mount\t/dev\ttmpfs rw',
  'socket\ttcp 00000000:0016\tlistens',
  'socket\ttcp 0100007F:1538\tlistens',
];

test('guests of two lines may differ in what their kernels are built with', async () => {
  const [one, other] = [await readManifest(kernels), await readManifest(plain)];
  expect(compareLines(one, other)).toEqual([]);
  expect(compareLines(one, await readManifest(plain.slice(0, -1)))).toMatchObject([{ item: 'socket tcp self:1538' }]);
  expect(compareManifests(one, other).map(({ item }) => item)).toEqual([
    'mount /sys/fs/bpf',
    'socket tcp 00000000:0016',
    `socket tcp6 ${ANY6}:0016`,
    `socket tcp6 ${SELF6}:1538`,
    'unit file serial-getty@.service',
  ]);
});
