import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import TestRunner from 'jest-runner';
import { prepareImages } from '../grids/prepare-images.ts';
import { whyNotUnshared } from '../hosts/namespaces.ts';

const UNSHARED_NODE = join(import.meta.dirname, 'unshared-node.sh');

/** Whether `@unshared` is in the first comment of a file: it mounts something. */
const mounts = ({ path }) => readFileSync(path, 'utf8').split('*/', 1)[0].includes('@unshared');

/**
 * Makes golden images first. For users other than root, a test file that mounts something runs in namespaces in which
 * the user may.
 */
export default class Runner extends TestRunner {
  async runTests(tests, watcher, options) {
    await prepareImages(tests.map(({ path }) => path)).catch((error) => {
      process.stderr.write(`golden images for the tests could not be made: ${error.stack}\n`);
    });
    const alike =
      process.getuid() === 0 || whyNotUnshared('--map-current-user', '--mount', '--keep-caps') !== undefined;
    const { true: unshared = [], false: others = [] } = Object.groupBy(tests, (test) => !alike && mounts(test));
    if (others.length > 0) await super.runTests(others, watcher, options);
    if (unshared.length > 0) await this.#runUnshared(unshared, watcher, options);
  }

  /** jest starts its workers by the path of the Node that it runs under. */
  async #runUnshared(tests, watcher, options) {
    const node = process.execPath;
    process.env.VMGRID_TEST_NODE = node;
    process.execPath = UNSHARED_NODE;
    try {
      await super.runTests(tests, watcher, { ...options, serial: false });
    } finally {
      process.execPath = node;
    }
  }
}
