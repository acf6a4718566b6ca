// What esbuild is told of single modules when it bundles the programs.
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/**
 * Of every file of a bundle: whatever the folder is into which the whole was moved. Names are such that no source has
 * them.
 */
export const FINDS_SOURCES = `
import { pathToFileURL as vmgridUrlOf } from 'node:url';
const vmgridPath = (path) => import.meta.dirname.replace(/dist(\\/parts)?$/, '') + path;`;

/** A worker's source, as `new Worker` takes it: of a bundle the program beside it, or above the parts. */
const WORKER = /new URL\('\.\/([\w-]+-worker)\.ts', import\.meta\.url\)/g;
const BUNDLED_WORKER = "new URL(import.meta['url'].replace(/(parts\\/)?[^/]*$/, '$1.js'))";

/** A source finds the files beside it from inside a bundle as well. */
const knowsItsPlace = {
  name: 'knows-its-place',
  setup({ onLoad }) {
    onLoad({ filter: /packages\/[^/]+\/src\/.*\.ts$/ }, ({ path }) => {
      const contents = readFileSync(path, 'utf8')
        .replaceAll(WORKER, BUNDLED_WORKER)
        .replaceAll('import.meta.dirname', `vmgridPath(${JSON.stringify(relative(ROOT, dirname(path)))})`)
        .replaceAll('import.meta.url', `vmgridUrlOf(vmgridPath(${JSON.stringify(relative(ROOT, path))})).href`);
      return { contents, loader: 'ts' };
    });
  },
};

/**
 * An `import` of `node:http` reads everything that it exports, and so loads Node's client for `fetch`; `require` does
 * not.
 */
const httpAlone = {
  name: 'http-alone',
  setup({ onResolve, onLoad }) {
    const namespace = 'http-alone';
    onResolve({ filter: /^node:http$/ }, ({ path, kind }) =>
      kind === 'require-call' ? { path, external: true } : { path, namespace },
    );
    onLoad({ filter: /./, namespace }, () => ({ contents: "module.exports = require('node:http');" }));
  },
};

/** What stays a package: it has machine code beside it. Who does not call it does not load it. */
const packageApart = {
  name: 'package-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^(@unraid\/libvirt|libxml2-wasm)$/ }, ({ path }) => ({
      ...{ path, external: true, sideEffects: false },
    }));
  },
};

export const plugins = [knowsItsPlace, httpAlone, packageApart];
