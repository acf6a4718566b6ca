// Compiles the programs in C, into `dist/native`. The same source and compiler give the same bytes, wherever that is.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const SOURCES = 'packages/lines/src/confinement';
/** A build id would be the digest of paths as well. */
const FLAGS = ['-std=gnu17', '-O2', '-Wall', '-Wextra', '-Werror', '-s', '-Wl,--build-id=none'];
/** What is made of which source, and how. A static program starts in half the time, in a folder that is not its own. */
const TARGETS = {
  'vmgrid-confine': ['confine.c', '-static'],
  'read-only-memory.so': ['read-only-memory.c', '-fPIC', '-shared'],
};

const changedAt = (path) => statSync(path).mtimeMs;

/** In one step, for programs may be starting. */
function compile(to, source, flags) {
  const made = `${to}.${process.pid}`;
  const { status, error } = spawnSync('gcc', [...FLAGS, ...flags, '-o', made, source], { cwd: ROOT, stdio: 'inherit' });
  if (status === 0) return renameSync(made, to);
  rmSync(made, { force: true });
  const why = error?.code === 'ENOENT' ? 'gcc is missing (package gcc, with libc6-dev)' : 'see above';
  throw new Error(`${source} could not be compiled: ${why}; \`node scripts/setup.mjs\` installs what it takes`);
}

/** Compiles what is older than its source. */
export function compileNative(folder = join(ROOT, 'dist/native')) {
  mkdirSync(folder, { recursive: true });
  for (const [name, [file, ...flags]] of Object.entries(TARGETS)) {
    const [to, source] = [join(folder, name), `${SOURCES}/${file}`];
    const newest = Math.max(changedAt(join(ROOT, source)), changedAt(import.meta.filename));
    if (!existsSync(to) || changedAt(to) <= newest) compile(to, source, flags);
  }
}
