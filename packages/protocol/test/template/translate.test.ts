/** Expressions of the manuals of GridWay and OpenNebula, and what is wrong with others. */
import { expect, test } from '@jest/globals';
import { decodeRequest, GridError } from '@vmgrid/protocol';
import { decodeXmlRequest } from '@vmgrid/protocol/xml';

const body = {
  machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 },
  dag: { actions: [] },
};
const placement = (template: string) => {
  const { machine, dag, ...rest } = decodeRequest('create', { ...body, template }).body as Record<string, unknown>;
  expect({ machine, dag }).toEqual(body);
  return rest;
};
const fault = (more: object) => {
  try {
    decodeRequest('create', { ...body, ...more });
  } catch (thrown) {
    if (thrown instanceof GridError) return thrown.toBody();
    throw thrown;
  }
  throw new Error('expected a GridError');
};

test.each([
  ['HOSTNAME = "*.es"', 'regexp("^.*\\\\.es$", TARGET.Name)'],
  ['HOSTNAME = "mycomputer"', 'TARGET.Name =?= "mycomputer"'],
  ['ARCH = "x86_64" & HOSTNAME = "*.es"', 'TARGET.Arch =?= "x86_64" && regexp("^.*\\\\.es$", TARGET.Name)'],
  ['FREE_MEM_MB > 512 # enough', 'TARGET.FreeMemoryMiB > 512'],
  [
    '(ARCH = "i686" | ARCH = "x86_64") \\\n & SIZE_DISK_MB > 0100',
    '(TARGET.Arch =?= "i686" || TARGET.Arch =?= "x86_64") && TARGET.TotalDiskMiB > 100',
  ],
  ["ARCH = 'x86_64' & HOSTNAME = '*.es' # here", 'TARGET.Arch =?= "x86_64" && regexp("^.*\\\\.es$", TARGET.Name)'],
  ["HOSTNAME = 'a#b'", 'TARGET.Name =?= "a#b"'],
  [`'ARCH = "x86_64"' # all of it`, 'TARGET.Arch =?= "x86_64"'],
])("GridWay's REQUIREMENTS = %s", (expression, requirements) => {
  expect(placement(`REQUIREMENTS = ${expression}`)).toEqual({ requirements });
});

test.each([
  ['NAME = \\"aurora*\\"', 'regexp("^aurora.*$", TARGET.Name)'],
  ['HYPERVISOR=kvm', 'member("kvm", TARGET.Accelerators)'],
  ['ARCH != x86_64 & HYPERVISOR != kvm', '!(TARGET.Arch =?= "x86_64") && !member("kvm", TARGET.Accelerators)'],
  ['!(HYPERVISOR @> kvm)', '!((member("kvm", TARGET.Accelerators)))'],
  ['HYPERVISOR=\\"kv*\\"', 'regexpMember("^kv.*$", TARGET.Accelerators, "i")'],
  ["HYPERVISOR != 'q?mu'", '!regexpMember("^q.mu$", TARGET.Accelerators, "i")'],
  ['FREE_MEMORY > 524288;', '(TARGET.FreeMemoryMiB * 1024) > 524288'],
  ['RUNNING_VMS=\\"0\\"', 'TARGET.VmCount == 0'],
])('OpenNebula\'s SCHED_REQUIREMENTS = "%s"', (expression, requirements) => {
  expect(placement(`SCHED_REQUIREMENTS = "${expression}"`)).toEqual({ requirements });
});

test.each([
  ['RANK = FREE_MEM_MB', 'TARGET.FreeMemoryMiB'],
  ['RANK = - RUNNING_VMS', '-(TARGET.VmCount)'],
  ['SCHED_RANK = "RUNNING_VMS"', 'TARGET.VmCount'],
  ['SCHED_RANK="FREE_DISK * 100 - 1.5"', 'TARGET.FreeDiskMiB * 100 - 1.5'],
  ['RANK = (FREE_MEM_MB + 1) / SIZE_MEM_MB', 'real((TARGET.FreeMemoryMiB + 1)) / TARGET.TotalMemoryMiB'],
])('%s', (template, rank) => {
  expect(placement(template)).toEqual({ rank });
});

test('`&`, `|` and `!` bind alike, from the left, as in the grammars translated', () => {
  const requirements = '((TARGET.VmCount < 1 || TARGET.VmCount > 5) && !(TARGET.VmCount == 7)) || TARGET.VmCount == 9';
  const template = 'REQUIREMENTS = RUNNING_VMS < 1 | RUNNING_VMS > 5 & ! RUNNING_VMS = 7 | RUNNING_VMS = 9';
  expect(placement(template)).toEqual({ requirements });
});

test('a template may have both, comments, and empty expressions, which ask for nothing', () => {
  expect(placement('# where\nrequirements = ARCH = "x86_64"\n\nRANK = - RUNNING_VMS # striping\n')).toEqual({
    requirements: 'TARGET.Arch =?= "x86_64"',
    rank: '-(TARGET.VmCount)',
  });
  expect(placement('SCHED_REQUIREMENTS = ""\nRANK =')).toEqual({});
});

test('a request in XML with a template is the same as one in JSON with expressions', () => {
  const xml = `<vmgrid version="1"><estimate>
    <machine arch="x86_64" os="debian-12" memoryMiB="256" cpus="1" diskMiB="2048"/>
    <template>
      REQUIREMENTS = HOSTNAME = "*.es" &amp; RUNNING_VMS &lt; 4
      RANK = FREE_MEM_MB
    </template>
    <dag/>
  </estimate></vmgrid>`;
  const requirements = 'regexp("^.*\\\\.es$", TARGET.Name) && TARGET.VmCount < 4';
  const direct = { ...body, requirements, rank: 'TARGET.FreeMemoryMiB' };
  expect(decodeXmlRequest(xml)).toEqual(decodeRequest('estimate', direct));
});

const KNOWN = `ARCH, HOSTNAME, NAME, HYPERVISOR, RUNNING_VMS, FREE_MEM_MB, SIZE_MEM_MB, FREE_DISK_MB, SIZE_DISK_MB, \
FREE_MEMORY, FREEMEMORY, FREE_MEM, USED_MEMORY, USEDMEMORY, USED_MEM, TOTAL_MEM, TOTALMEMORY, MAX_MEM, FREE_DISK, \
USED_DISK, MAX_DISK`;

test.each([
  ['RANK = FREE_CPU', `RANK: plants tell nothing like FREE_CPU; known are ${KNOWN} (line 1, column 1)`],
  [
    'SCHED_REQUIREMENTS = "ARCH = x86_64 & CLUSTER_ID = 1"',
    `SCHED_REQUIREMENTS: plants tell nothing like CLUSTER_ID; known are ${KNOWN} (line 1, column 17)`,
  ],
  ['REQUIREMENTS = ARCH > "x"', 'REQUIREMENTS: ARCH is a text, which > cannot compare (line 1, column 1)'],
  [
    'REQUIREMENTS = RUNNING_VMS @> 3',
    'REQUIREMENTS: RUNNING_VMS is a number, which @> cannot compare (line 1, column 1)',
  ],
  ['REQUIREMENTS = HYPERVISOR > kvm', 'REQUIREMENTS: HYPERVISOR is a list, which > cannot compare (line 1, column 1)'],
  ['REQUIREMENTS = RUNNING_VMS = "1*"', 'REQUIREMENTS: "1*" stands where a number was expected (line 1, column 15)'],
  ['REQUIREMENTS = ARCH = 5', 'REQUIREMENTS: "5" stands where a text in quotes was expected (line 1, column 8)'],
  ['REQUIREMENTS = (ARCH = "x"', 'REQUIREMENTS: the end stands where ")" was expected (line 1, column 12)'],
  [
    'REQUIREMENTS = ARCH = "x" ARCH',
    'REQUIREMENTS: "ARCH" stands where an operator or the end was expected (line 1, column 12)',
  ],
  [
    'REQUIREMENTS = NAME = "[["',
    'REQUIREMENTS: [ begins no set such as [a-z]; the character itself is \\[ (line 1, column 8)',
  ],
  ['REQUIREMENTS = ARCH ~ "x"', 'REQUIREMENTS: this is no part of an expression (line 1, column 5)'],
  ['RANK = ARCH', 'RANK: ARCH is no number to rank by (line 1, column 1)'],
  ['RANK = 2 *', 'RANK: the end stands where a number or the name of an attribute was expected (line 1, column 4)'],
  ['RANK = 1\nSCHED_RANK = 2', 'SCHED_RANK gives rank a second time'],
  ['MEMORY = 512', 'MEMORY cannot be asked for; known are REQUIREMENTS, SCHED_REQUIREMENTS, RANK, SCHED_RANK'],
  ['RANK = 1\n=', 'a template has lines such as RANK = FREE_MEM_MB (line 2, column 1)'],
  ['RANK = "1" + 2', 'the quotes of RANK do not close its value (line 1, column 8)'],
  [`RANK = ${'('.repeat(66)}`, 'RANK: this is nested deeper than 64 (line 1, column 66)'],
  [`REQUIREMENTS = ${'!'.repeat(66)}`, 'REQUIREMENTS: this is nested deeper than 64 (line 1, column 66)'],
])('%j is EXPRESSION_INVALID with its place', (template, message) => {
  expect(fault({ template })).toMatchObject({ code: 'EXPRESSION_INVALID', message: `template: ${message}` });
});

test.each(['requirements', 'rank'])('a template beside %s is REQUEST_INVALID', (path) => {
  const message = `${path} stands beside a template; give either the template or requirements and rank`;
  expect(fault({ template: 'RANK = 1', [path]: 'true' })).toMatchObject({
    code: 'REQUEST_INVALID',
    message: `create: ${message}`,
    details: { problems: [{ path, message }] },
  });
});

test('a template whose translation is too long is REQUEST_INVALID', () => {
  const template = `REQUIREMENTS = ${Array.from({ length: 900 }, () => 'ARCH=a').join('|')}`;
  expect(fault({ template })).toMatchObject({
    code: 'REQUEST_INVALID',
    message: expect.stringMatching(/^create: requirements .*8192/),
  });
});
