/** The output of the command line: colours, readers that leave, disks that are full. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { vmgrid } from '@vmgrid/test-support/grids/programs.ts';
import { wantsColour } from '../src/output/colours.ts';

const NOWHERE = ['--shop', 'http://127.0.0.1:9', 'list'];
const ESCAPE = '\u001b';

let folder: string;
let tokenFile: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vmgrid-streams-'));
  tokenFile = join(folder, 'token');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['a terminal', true, {}, true],
  ['a pipe', false, {}, false],
  ['a pipe of a build machine', false, { CI: 'true' }, false],
  ['a terminal that can do nothing', true, { TERM: 'dumb' }, false],
  ['a terminal whose user wants none', true, { NO_COLOR: '1' }, false],
  ['a terminal with an empty NO_COLOR', true, { NO_COLOR: '' }, true],
  ['a pipe whose user wants colours', false, { FORCE_COLOR: '1' }, true],
  ['a terminal whose FORCE_COLOR is 0', true, { FORCE_COLOR: '0' }, false],
  ['a pipe with an empty FORCE_COLOR', false, { FORCE_COLOR: '' }, false],
  ['a user who says both', true, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
])('colours on %s', (_, isTTY, environment, expected) => {
  expect(wantsColour({ isTTY }, environment)).toBe(expected);
});

test('an error in a pipe of a build machine has no colours', async () => {
  const environment = { CI: 'true', NO_COLOR: '' };
  expect((await vmgrid(NOWHERE, { environment })).err).not.toContain(ESCAPE);
  const forced = await vmgrid(NOWHERE, { environment: { NO_COLOR: '', FORCE_COLOR: '1' } });
  expect(forced.err).toContain(ESCAPE);
});

test.each([[['--help']], [['images', '--help']], [['--json', 'doctor']], [['simulate', '--requests', '2']]])(
  'vmgrid %j into a reader that has left says nothing of it, and ends as it would have',
  async (args) => {
    const { status, err } = await vmgrid(args, { reader: 'gone' });
    expect(err).not.toMatch(/EPIPE|^ +at /m);
    expect(status).toBe(0);
  },
  60_000,
);

test.each([
  ['several lines', 'top_alpha\nanother-secret\n'],
  ['no token', '\n'],
  ['a byte that no token has', 's\u00e9cret'],
])('of a token file with %s only how it looks is told', async (_, content) => {
  await writeFile(tokenFile, content);
  const { status, err } = await vmgrid(['--token-file', tokenFile, ...NOWHERE]);
  expect([status, err]).toEqual([
    1,
    expect.stringMatching(/^UNAUTHENTICATED: the token file .* does not hold one token/),
  ]);
  for (const word of content.match(/[^\s_]{4,}/g) ?? []) expect(err).not.toContain(word);
});

test('a result that a full disk does not take has status 1 and says so', async () => {
  const { status, err } = await vmgrid(['--help'], { reader: '/dev/full' });
  expect([status, err]).toEqual([1, expect.stringMatching(/^HOST_DISK_FULL: /)]);
});
