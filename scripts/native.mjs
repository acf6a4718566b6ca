// Compiles the programs in C, into `dist/native`. The same source and compiler give the same bytes, wherever that is.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const CONFINEMENT = 'packages/lines/src/confinement';
const AGENT = 'agent/src';
/** A build id would be the digest of paths as well. */
const FLAGS = ['-std=gnu17', '-O2', '-Wall', '-Wextra', '-Werror', '-s', '-Wl,--build-id=none'];

const sourcesIn = (folder) =>
  readdirSync(join(ROOT, folder), { recursive: true })
    .filter((name) => /\.[ch]$/.test(name))
    .sort()
    .map((name) => `${folder}/${name}`);

/** What is made of which sources, and how. A static program starts in half the time, in any folder or guest. */
const TARGETS = {
  'vmgrid-confine': { sources: [`${CONFINEMENT}/confine.c`], flags: ['-static'] },
  'read-only-memory.so': { sources: [`${CONFINEMENT}/read-only-memory.c`], flags: ['-fPIC', '-shared'] },
  'vmgrid-agent': { sources: sourcesIn(AGENT), flags: ['-static', '-Wconversion', '-Wshadow'] },
};

const changedAt = (path) => statSync(path).mtimeMs;

/** In one step, for programs may be starting. */
function compile(to, sources, flags) {
  const made = `${to}.${process.pid}`;
  const programs = sources.filter((name) => name.endsWith('.c'));
  const { status, error } = spawnSync('gcc', [...FLAGS, ...flags, '-o', made, ...programs], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status === 0) return renameSync(made, to);
  rmSync(made, { force: true });
  const why = error?.code === 'ENOENT' ? 'gcc is missing (package gcc, with libc6-dev)' : 'see above';
  throw new Error(
    `${programs.join(' ')} could not be compiled: ${why}; \`node scripts/setup.mjs\` installs what it takes`,
  );
}

/** Compiles what is older than its sources. */
export function compileNative(folder = join(ROOT, 'dist/native')) {
  mkdirSync(folder, { recursive: true });
  for (const [name, { sources, flags }] of Object.entries(TARGETS)) {
    const to = join(folder, name);
    const newest = Math.max(...[import.meta.filename, ...sources.map((file) => join(ROOT, file))].map(changedAt));
    if (!existsSync(to) || changedAt(to) <= newest) compile(to, sources, flags);
  }
}
