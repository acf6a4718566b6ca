/**
 * Loaded into a daemon ahead of its own code (`node --import`). Once it is told to, it ends the process as `kill -9`
 * does, at the n-th boundary between two things that the process does to the world: to files, databases, sockets,
 * processes. Before each and after each is a boundary, so that nothing the daemon does is passed over. See
 * `step-killer.ts` for the other end. Plain JavaScript: a daemon would take longer to load what strips types than all
 * the rest.
 */
import childProcess from 'node:child_process';
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';

const { writeFileSync, readFileSync, renameSync } = fs;
const kill = process.kill.bind(process);
const fileOf = (kind) => join(process.env.VMGRID_STEP_KILL, `${process.pid}.${kind}`);

/** Boundaries until the end; 0 while nobody wants one. */
let left = 0;
let passed = 0;

process.on('SIGUSR2', () => {
  const boundaries = passed;
  left = Number(readFileSync(fileOf('order'), 'utf8'));
  passed = 0;
  writeFileSync(fileOf('new'), String(boundaries));
  renameSync(fileOf('new'), fileOf('heard'));
});

function boundary(step) {
  passed += 1;
  if (left === 0) return;
  left -= 1;
  if (left > 0) return;
  writeFileSync(fileOf('died'), step);
  kill(process.pid, 'SIGKILL');
}

/** Puts boundaries around a function, and around the promise that it returns. */
function divide(owner, name, what) {
  const original = Reflect.get(owner, name);
  const divided = function (...args) {
    const step = `${name} ${what(args)}`.trimEnd();
    boundary(`before ${step}`);
    const result = original.apply(this, args);
    if (!(result instanceof Promise)) {
      boundary(`after ${step}`);
      return result;
    }
    return result.finally(() => boundary(`after ${step}`));
  };
  Reflect.set(owner, name, divided);
}

/** The last two names of a path, without what differs from one run to the next. */
const place = ([path]) =>
  `${basename(dirname(String(path)))}/${basename(String(path))}`
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
    .replaceAll(/[0-9a-f]{20}/g, 'DIGEST');
const statement = ([text]) => String(text).trim().split(/\s+/).slice(0, 3).join(' ');

for (const name of ['chmod', 'copyFile', 'link', 'mkdir', 'rename', 'rm', 'symlink', 'unlink', 'writeFile']) {
  divide(fsPromises, name, place);
}
divide(fsPromises, 'open', place);
divide(childProcess, 'spawn', ([program]) => basename(String(program)));
// What a socket was given has not left yet: the boundary after it is the one before whatever comes next. A plant tells
// its progress all the time; if each message were a boundary, it would seldom die at anything else.
const writesPerBoundary = process.argv[1]?.includes('vmplant') ? 4 : 1;
let writes = 0;
const { write } = Socket.prototype;
Reflect.set(Socket.prototype, 'write', function (...args) {
  writes += 1;
  if (writes % writesPerBoundary === 0) boundary('before write to a socket');
  return write.apply(this, args);
});
divide(DatabaseSync.prototype, 'exec', statement);
divide(StatementSync.prototype, 'run', () => '');
divide(process, 'kill', ([, signal]) => String(signal));
syncBuiltinESMExports();
