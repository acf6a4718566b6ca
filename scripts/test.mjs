// Bundles the programs that tests start, and runs jest under the pinned Node. `npm test -- PATTERN` runs the test files
// whose path matches.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import './bundle.mjs';

const root = join(import.meta.dirname, '..');
const jest = join(root, 'node_modules/jest/bin/jest.js');
const recorder = pathToFileURL(join(root, 'test/support/jest/record-warnings.mjs'));
const folder = mkdtempSync(join(tmpdir(), 'vmgrid-warnings-'));
const warnings = join(folder, 'warnings');
// Tests start programs as other users, too.
chmodSync(folder, 0o711);
writeFileSync(warnings, '');
chmodSync(warnings, 0o666);
const environment = {
  ...process.env,
  // The programs that tests start are many and the same: what Node made of their sources is kept.
  NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node'),
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${recorder}`,
  VMGRID_TEST_WARNINGS: warnings,
};
const { status } = spawnSync(
  join(root, 'node_modules/.bin/node'),
  ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit', env: environment },
);
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
