// Bundles the programs that tests start, and runs jest under the pinned Node. `npm test -- PATTERN` runs the test files whose path matches.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import './bundle.mjs';

const root = join(import.meta.dirname, '..');
const jest = join(root, 'node_modules/jest/bin/jest.js');
const { status } = spawnSync(
  join(root, 'node_modules/.bin/node'),
  ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, ...process.argv.slice(2)],
  // The programs that tests start are many and the same: what Node made of their sources is kept.
  { cwd: root, stdio: 'inherit', env: { ...process.env, NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node') } },
);
process.exitCode = status ?? 1;
