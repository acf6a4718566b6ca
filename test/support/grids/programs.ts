/** The command line as a user runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const MAIN = join(import.meta.dirname, '../../../dist/vmgrid.js');

export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** The reader of standard output, if it is not the test: nobody any more, or a device. */
  readonly reader?: 'gone' | '/dev/full';
}

/** Starts `vmgrid`; without a terminal, so it prints no colours. */
export function startVmgrid(args: readonly string[], { environment = {}, reader }: RunOptions = {}): ChildProcess {
  const device = reader === '/dev/full' ? openSync(reader, 'w') : undefined;
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...environment },
    stdio: ['pipe', device ?? 'pipe', 'pipe'],
  });
  if (device !== undefined) closeSync(device);
  if (reader === 'gone') child.stdout!.destroy();
  return child;
}

/** Runs `vmgrid` to its end. */
export async function vmgrid(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = startVmgrid(args, options);
  child.stdin!.end(options.input ?? '');
  const out = options.reader === undefined ? text(child.stdout!) : '';
  const err = text(child.stderr!);
  const [status] = await once(child, 'close');
  return { status, out: await out, err: await err };
}
