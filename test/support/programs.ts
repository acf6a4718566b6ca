/** The command line as a user runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const MAIN = join(import.meta.dirname, '../../dist/vmgrid.js');

export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts `vmgrid`; without a terminal, so it prints no colours. */
export function startVmgrid(args: readonly string[], { environment = {} }: RunOptions = {}): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, ...environment, NO_COLOR: '1', FORCE_COLOR: undefined },
  });
}

/** Runs `vmgrid` to its end. */
export async function vmgrid(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const child = startVmgrid(args, options);
  child.stdin!.end(options.input ?? '');
  const [out, err] = [text(child.stdout!), text(child.stderr!)];
  const [status] = await once(child, 'close');
  return { status, out: await out, err: await err };
}
