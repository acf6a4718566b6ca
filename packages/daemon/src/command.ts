import { execa } from 'execa';

export interface CommandOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  /** The whole environment of the command; its parent's when left out. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Each line of standard error, as it is written. */
  readonly onErrorLine?: (line: string) => void;
}

/** A program that could not be started, failed, was killed or took too long. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  /** Undefined when it never ran or was killed. */
  readonly exitCode: number | undefined;
  readonly reason: 'not-found' | 'failed' | 'timeout' | 'cancelled' | 'killed' | 'output-limit';
  /** Last characters of what it wrote to standard error (else standard output). */
  readonly outputTail: string;

  constructor(message: string, fields: Pick<CommandError, 'exitCode' | 'reason' | 'outputTail'>, cause: unknown) {
    super(message, { cause });
    this.exitCode = fields.exitCode;
    this.reason = fields.reason;
    this.outputTail = fields.outputTail;
  }
}

export const COMMAND_LIMITS = {
  outputBytes: 4 * 1024 * 1024,
  outputTailChars: 2_000,
  timeoutMs: 10 * 60_000,
  /** Between asking a command to end and killing it. */
  graceMs: 2_000,
} as const;

/**
 * Runs a program without a shell and returns its standard output. Its output is bounded and its time too; on abort
 * or timeout its whole process group is asked to end, then killed.
 */
export async function runCommand(file: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const timeoutMs = options.timeoutMs ?? COMMAND_LIMITS.timeoutMs;
  const timeout = AbortSignal.timeout(timeoutMs);
  const child = execa(file, args, {
    reject: false,
    detached: true, // a process group of its own, so that what the program started ends with it
    maxBuffer: COMMAND_LIMITS.outputBytes,
    ...standardInput(options),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.environment === undefined ? {} : { env: options.environment, extendEnv: false }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
  if (options.onErrorLine) reportLines(child, options.onErrorLine);
  const stop = AbortSignal.any([timeout, ...(options.signal ? [options.signal] : [])]);
  const result = await endGroupOnAbort(child, stop);
  if (!stop.aborted && !result.failed) return result.stdout;
  const reason = stop.aborted ? (timeout.aborted ? 'timeout' : 'cancelled') : failureReason(result);
  throw toCommandError(file, result, reason, timeoutMs);
}

const standardInput = ({ input }: CommandOptions) =>
  input === undefined ? ({ stdin: 'ignore' } as const) : ({ input } as const);

async function endGroupOnAbort<R>(child: PromiseLike<R> & { readonly pid?: number }, stop: AbortSignal): Promise<R> {
  let force: NodeJS.Timeout | undefined;
  const end = () => {
    signalGroup(child.pid, 'SIGTERM');
    force = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), COMMAND_LIMITS.graceMs);
  };
  if (stop.aborted) end();
  else stop.addEventListener('abort', end, { once: true });
  try {
    return await child;
  } finally {
    stop.removeEventListener('abort', end);
    clearTimeout(force);
  }
}

/** Signals a process group; one that is gone already is fine. */
export function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function reportLines(
  child: { readonly iterable: (o: { from: 'stderr' }) => AsyncIterable<unknown> },
  report: (line: string) => void,
) {
  const read = async () => {
    for await (const line of child.iterable({ from: 'stderr' })) report(String(line));
  };
  // The command's own result tells how it ended; a broken stream says nothing more.
  read().catch(() => undefined);
}

interface FailedResult {
  readonly code?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly isMaxBuffer: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

function toCommandError(
  file: string,
  result: FailedResult,
  reason: CommandError['reason'],
  timeoutMs: number,
): CommandError {
  const outputTail = (result.stderr || result.stdout || '').slice(-COMMAND_LIMITS.outputTailChars);
  const how = {
    'not-found': 'is not installed',
    failed: `ended with exit status ${result.exitCode}`,
    timeout: `took longer than ${timeoutMs} ms`,
    cancelled: 'was cancelled',
    killed: `was killed by ${result.signal}`,
    'output-limit': `printed more than ${COMMAND_LIMITS.outputBytes} bytes`,
  }[reason];
  return new CommandError(`${file} ${how}`, { exitCode: result.exitCode, reason, outputTail }, result);
}

function failureReason(result: FailedResult): CommandError['reason'] {
  if (result.code === 'ENOENT') return 'not-found';
  if (result.isMaxBuffer) return 'output-limit';
  return result.exitCode === undefined ? 'killed' : 'failed';
}
