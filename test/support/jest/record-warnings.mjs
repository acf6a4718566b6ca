// Loaded into every Node process of a test run before anything else, by NODE_OPTIONS: each warning of Node's goes to a
// file, for which the run fails. A warning is a fault that nobody has felt yet.
import { appendFileSync } from 'node:fs';

/** Jest runs tests as modules by the one, and has their types stripped by the other. */
const EXPECTED = /^(VM Modules|stripTypeScriptTypes) is an experimental feature/;

process.on('warning', ({ name, message, stack }) => {
  if (name === 'ExperimentalWarning' && EXPECTED.test(message)) return;
  const [, program = 'node'] = process.argv;
  appendFileSync(process.env.VMGRID_TEST_WARNINGS, `${JSON.stringify({ program, pid: process.pid, stack })}\n`);
});
