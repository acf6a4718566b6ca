// Set-up for every npm command, in plain JavaScript that any Node runs: npm packages (with the pinned Node among them)
// and the Debian packages that the job needs. Says what it installs and why; does nothing when all is there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');

/** What some jobs need beyond the product's own list: tests, such as what only some hosts have. */
const MORE_TOOLS = {
  test: ['test/support/hosts/tools.json'],
  'test-long': ['test/support/hosts/tools.json', 'test/support/hosts/long-tools.json'],
};
const CONFINEMENT = 'compiling what keeps machines from golden images';
/** What it takes to make the product. A copy that is made already runs without. */
const COMPILER = [
  { program: 'gcc', debian: 'gcc', enables: CONFINEMENT },
  { file: '/usr/include/stdio.h', debian: 'libc6-dev', enables: CONFINEMENT },
];
/** What the product needs, by the list that `vmgrid doctor` goes by, and what this job needs. */
const TOOLS = ['packages/vmgrid/src/doctor/tools.json', ...(MORE_TOOLS[process.argv[2]] ?? [])]
  .flatMap((file) => JSON.parse(readFileSync(join(root, file), 'utf8')))
  .filter((tool) => !tool.optional)
  .concat(COMPILER);
/** The binding for libvirt is built where this is; elsewhere a plant runs without that line. */
const LIBVIRT_HEADER = '/usr/include/libvirt/libvirt.h';
const LIBVIRT_BINDING = join(root, 'node_modules/@unraid/libvirt/build/Release/libvirt.node');
/** The pinned Node, as its package unpacks it: with the headers that a binding is built against. */
const NODE_FOLDER = join(root, `node_modules/node/node_modules/node-linux-${process.arch}`);
/** Last lines of a build that failed. */
const LINES_SHOWN = 30;

const say = (text) => process.stderr.write(`${text}\n`);

function fail(text) {
  say(`vmgrid set-up: ${text}`);
  process.exit(1);
}

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
  if (error || status !== 0)
    fail(`\`${command} ${args.join(' ')}\` failed (${error?.message ?? `exit status ${status}`})`);
}

function hasProgram(program) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const isThere = ({ program, file }) => (file ? existsSync(file) : hasProgram(program));

/**
 * npm packages exactly as the lock file names them; a stamp of what was installed spares the second run. Of their own
 * scripts only the one runs that unpacks Node.
 */
function installNpmPackages() {
  const stamp = join(root, 'node_modules', '.vmgrid-lock');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say('vmgrid set-up: installing npm packages (npm ci)');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
  run('npm', ['rebuild', 'node', '--loglevel=error']);
  writeFileSync(stamp, lock);
}

/** With nothing from the net. npm would say nothing of a failure, for the package is optional. */
function buildLibvirtBinding() {
  if (!existsSync(LIBVIRT_HEADER) || existsSync(LIBVIRT_BINDING)) return;
  say('vmgrid set-up: building the binding for libvirt (@unraid/libvirt)');
  const args = ['explore', '@unraid/libvirt', '--', 'node-gyp', 'rebuild', `--nodedir=${NODE_FOLDER}`];
  const { status, error, stdout, stderr } = spawnSync('npm', args, { cwd: root, encoding: 'utf8' });
  if (status === 0) return;
  const output = `${stdout ?? ''}${stderr ?? ''}`.trimEnd().split('\n').slice(-LINES_SHOWN).join('\n');
  const failure = `the binding for libvirt could not be built: ${error?.message ?? 'see above'}`;
  say(output);
  if (process.argv[2] in MORE_TOOLS) fail(failure);
  say(`vmgrid set-up: ${failure}; plants here run without the libvirt line`);
}

function installTools() {
  const missing = TOOLS.filter((tool) => !isThere(tool));
  if (missing.length === 0) return;
  for (const tool of missing)
    say(`vmgrid set-up: ${tool.program ?? tool.file} is missing; it enables ${tool.enables} (package ${tool.debian})`);
  const packages = [...new Set(missing.map((tool) => tool.debian))];
  if (!hasProgram('apt-get')) fail(`this is not Debian or Ubuntu: please install ${packages.join(', ')} and try again`);
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo'];
  if (asRoot.length > 0 && !hasProgram('sudo')) fail(`please run as root: apt-get install ${packages.join(' ')}`);
  const apt = (...args) => {
    const [command, ...rest] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...args];
    run(command, rest);
  };
  say(`vmgrid set-up: ${[...asRoot, 'apt-get install', ...packages].join(' ')}`);
  apt('update');
  apt('install', '-y', '--no-install-recommends', ...packages);
}

if (process.platform !== 'linux') fail('vmgrid runs on Linux: its production lines are Linux hypervisors');
installTools();
installNpmPackages();
buildLibvirtBinding();
