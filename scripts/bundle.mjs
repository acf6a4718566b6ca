// Makes one file of each program, `dist/NAME.js`: it starts in a third of the time that several hundred sources take.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, stop } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
const PROGRAMS = ['vmgrid', 'vmshop', 'vmbroker', 'vmplant', 'simulation'];

/** A source finds the files beside it from inside a bundle as well. */
const knowsItsPlace = {
  name: 'knows-its-place',
  setup({ onLoad }) {
    onLoad({ filter: /packages\/[^/]+\/src\/.*\.ts$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8')
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href));
      return { contents, loader: 'ts' };
    });
  },
};

const changedAt = (file) => statSync(join(ROOT, file)).mtimeMs;

/** Whether every bundle is younger than all that it is made of. */
function isUpToDate() {
  const bundles = PROGRAMS.map((name) => `dist/${name}.js`);
  if (!bundles.every((file) => existsSync(join(ROOT, file)))) return false;
  const sources = readdirSync(join(ROOT, 'packages'), { recursive: true })
    .filter((name) => /^[^/]+\/src\/.*\.ts$/.test(name))
    .map((name) => `packages/${name}`);
  const newest = Math.max(...[...sources, 'package-lock.json', 'scripts/bundle.mjs'].map(changedAt));
  return newest < Math.min(...bundles.map(changedAt));
}

/** In one step, for programs may be starting. */
function write({ path, contents }) {
  writeFileSync(`${path}.${process.pid}`, contents);
  renameSync(`${path}.${process.pid}`, path);
}

async function bundle() {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: PROGRAMS.map((name) => ({ in: `packages/${name}/src/main.ts`, out: name })),
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    sourcemap: 'linked',
    sourcesContent: false,
    // What has machine code beside it stays a package.
    external: ['@unraid/libvirt', 'libxml2-wasm'],
    // For the packages among them that are CommonJS.
    banner: { js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);" },
    plugins: [knowsItsPlace],
    write: false,
  });
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  for (const file of outputFiles) write(file);
  await stop();
}

if (!isUpToDate()) await bundle();
