// Makes one file of each program, `dist/NAME.js`, beside the parts that programs share: it starts in a quarter of the
// time that several hundred sources take. What is written in C is compiled.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, stop } from 'esbuild';
import { FINDS_SOURCES, plugins } from './bundle-plugins.mjs';
import { compileNative } from './native.mjs';

const ROOT = join(import.meta.dirname, '..');
/** What programs share, and what some of them load only when they need it. */
const PARTS = join(ROOT, 'dist/parts');
const PARTS_KEPT_MS = 24 * 3_600_000;
const PROGRAMS = ['vmgrid', 'vmshop', 'vmbroker', 'vmplant', 'simulation'];
/** Programs of worker threads, found beside the programs. */
const WORKERS = { 'document-worker': 'packages/http-api/src/documents/document-worker.ts' };

const changedAt = (file) => statSync(join(ROOT, file)).mtimeMs;

/** Whether every bundle is younger than all that it is made of. */
function isUpToDate() {
  const bundles = [...PROGRAMS, ...Object.keys(WORKERS)].map((name) => `dist/${name}.js`);
  if (![...bundles, 'dist/parts'].every((file) => existsSync(join(ROOT, file)))) return false;
  const sources = readdirSync(join(ROOT, 'packages'), { recursive: true })
    .filter((name) => /^[^/]+\/src\/.*\.ts$/.test(name))
    .map((name) => `packages/${name}`);
  const newest = Math.max(
    ...[...sources, 'package-lock.json', 'scripts/bundle.mjs', 'scripts/bundle-plugins.mjs'].map(changedAt),
  );
  return newest < Math.min(...bundles.map(changedAt));
}

/** In one step, for programs may be starting. */
function write({ path, contents }) {
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}

/**
 * Parts that programs of an earlier bundle may be about to load stay for a while. Another bundling may be at the same.
 */
function removeAllBut(kept) {
  const old = Date.now() - PARTS_KEPT_MS;
  for (const file of readdirSync(PARTS).map((name) => join(PARTS, name))) {
    const writtenAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (!kept.has(file) && writtenAt < old) rmSync(file, { force: true });
  }
}

/** Programs last: one that is there has its parts. */
const partsFirst = (outputs) => outputs.toSorted((a, b) => b.path.startsWith(PARTS) - a.path.startsWith(PARTS));

async function bundle() {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [
      ...PROGRAMS.map((name) => ({ in: `packages/${name}/src/main.ts`, out: name })),
      ...Object.entries(WORKERS).map(([name, source]) => ({ in: source, out: name })),
    ],
    outdir: 'dist',
    bundle: true,
    splitting: true,
    chunkNames: 'parts/[name]-[hash]',
    platform: 'node',
    format: 'esm',
    target: 'node24',
    sourcemap: 'linked',
    sourcesContent: false,
    // For the packages among them that are CommonJS.
    banner: {
      js: `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);${FINDS_SOURCES}`,
    },
    plugins,
    write: false,
  });
  mkdirSync(PARTS, { recursive: true });
  for (const file of partsFirst(outputFiles)) write(file);
  removeAllBut(new Set(outputFiles.map(({ path }) => path)));
  await stop();
}

compileNative();
if (!isUpToDate()) await bundle();
