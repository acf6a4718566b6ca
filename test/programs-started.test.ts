/**
 * Where programs of the host are started: few places, each looked at for what of a client's could reach a command line.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../packages');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => /^[^/]+\/src\/.*\.ts$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
const pathsWith = (pattern: RegExp): string[] =>
  sources.flatMap(({ path, text }) => (pattern.test(text) ? [path] : [])).sort();

/** With what the command line of each is made of. A new place belongs here once it was looked at. */
const STARTS: Readonly<Record<string, string>> = {
  'daemon/src/process/command.ts': 'programs and arguments of its callers, never a shell',
  'vmgrid/src/commands/simulate-command.ts': 'options of the user who runs it, on that user’s behalf',
  'vmgrid/src/local-grid/daemons.ts': 'our own programs, with the path of a configuration',
  'vmgrid/src/doctor/doctor-images.ts': 'our own program, with a fixed argument',
  'vmgrid/src/doctor/doctor.ts': 'programs of a list of ours, with a fixed argument',
  'vmgrid/src/local-grid/plant-program.ts': 'our own program, with options of the user who runs it',
  'lines/src/simulated/machine-process.ts': 'sleep, with a number of the configuration',
  'lines/src/process/spawn-vmm.ts':
    'hypervisors: names of our own in the folder of the machine, numbers that a schema has checked',
};

test('programs are started in these places alone', () => {
  expect(pathsWith(/from 'node:child_process'|from 'execa'|require\('child_process'\)/)).toEqual(
    Object.keys(STARTS).sort(),
  );
});

/** The guest's own shell is its owner's: what runs there is what the owner sent. */
const IN_THE_GUEST = [
  'lines/src/guest/disc/no-cloud.ts',
  'vmplant/src/equality/guest-manifest.ts',
  'vmplant/src/lifecycle/resume-machine.ts',
];

test('no shell of the host reads a command, but one that enters a group, whose text is fixed', () => {
  expect(pathsWith(/\bshell: *true|\b(?:execSync|execFileSync|spawnSync)\b|import \{[^}]*\bexec\b/)).toEqual([]);
  const shells = pathsWith(/\['sh', '-c'|'\/bin\/sh', '-c'|spawn\('(?:sh|bash)'/);
  const host = shells.filter((path) => !IN_THE_GUEST.includes(path));
  expect(host).toEqual(['lines/src/process/spawn-vmm.ts']);
  const { text } = sources.find(({ path }) => path === host[0])!;
  expect(text.match(/\['sh', '-c', \w+/g)).toEqual(["['sh', '-c', ENTER"]);
  const parts = /const ENTER = `(.*)`;/.exec(text)?.[1]?.matchAll(/\$\{(.*?)\}/g);
  expect([...parts!].map(([, name]) => name)).toEqual(['NOT_ENTERED']);
});
