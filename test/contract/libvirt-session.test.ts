/** The libvirt line of a plant that is not root: `qemu:///session`, with a libvirtd of the tests' own. */
import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { testBase, testFolder } from '@vmgrid/test-support/grids/test-warehouse.ts';
import { type PrivateLibvirtd, startLibvirtd } from '@vmgrid/test-support/hosts/private-libvirtd.ts';
import { NOTHING } from './left.ts';
import type { SessionOutcome, SessionWork } from './libvirt-session-program.ts';
import { warehouseOf } from './workshop.ts';

/** A user whom /etc/passwd knows, as libvirt wants it; on every Debian. */
const USER = 'nobody';
const PROGRAM = join(import.meta.dirname, 'libvirt-session-program.ts');
const START_MS = 600_000;
const WORK_MS = 300_000;

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;

let libvirtd: PrivateLibvirtd;
let home: string;

beforeAll(async () => {
  home = await testFolder('session');
  libvirtd = await startLibvirtd({ kind: 'session', ...(isRoot ? { user: USER } : {}) });
}, START_MS);
afterAll(async () => {
  await libvirtd?.close();
  await rm(home, { recursive: true, force: true });
}, START_MS);

/** The user has a copy of its own of the base image: images of a plant that is root are not for everybody to read. */
async function prepareWork(): Promise<SessionWork> {
  const { manifest, directory } = await testBase(AbortSignal.timeout(START_MS), 'tiny-1');
  const folder = join(home, 'plant');
  const images = join(warehouseOf(folder), 'images');
  await mkdir(images, { recursive: true });
  await run('cp', ['-R', '--sparse=always', directory, images]);
  if (isRoot) await run('chown', ['-R', USER, home]);
  return { folder, baseId: manifest.id };
}

/** Runs as the user, who may also read everything, because the checkout may lie in a folder of root. */
async function workAsUser(work: SessionWork): Promise<unknown> {
  const reads = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
  const user = isRoot ? ['--reuid', USER, '--regid', await idOf('-g'), '--clear-groups', ...reads] : [];
  const program = [process.execPath, '--disable-warning=ExperimentalWarning', PROGRAM, JSON.stringify(work)];
  const environment = { ...process.env, ...libvirtd.environment };
  const { stdout } = await run('setpriv', [...user, '--', ...program], { cwd: home, env: environment });
  return JSON.parse(stdout);
}

const idOf = async (option: '-u' | '-g'): Promise<string> =>
  (await run('id', isRoot ? [option, USER] : [option])).stdout.trim();

test(
  'a plant that is not root makes a machine over the libvirt of its user, suspends it, resumes it, finds it again and ends it',
  async () => {
    const { greeting, ...outcome } = (await workAsUser(await prepareWork())) as SessionOutcome;
    expect(outcome).toEqual({
      configured: { event: 'finished' },
      owners: [Number(await idOf('-u'))],
      found: ['suspended', 'running', 'gone'],
      kept: ['in memory', 'on disk'],
      left: NOTHING,
    });
    expect(greeting).toMatch(/^SSH-2\.0-/);
    expect(await libvirtd.domains()).toEqual([]);
  },
  WORK_MS,
);
