import { execa } from 'execa';
import { within } from '../async/deadline.ts';

export interface CommandOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly cwd?: string;
  /** The whole environment of the command; left out, the environment of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Called with each line of either stream, as it is written. */
  readonly onLine?: (line: string) => void;
}

/** A program that could not be started, failed, was killed or took too long. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly program: string;
  /** Undefined when the program never ran or was killed. */
  readonly exitCode: number | undefined;
  readonly reason: 'not-found' | 'not-started' | 'failed' | 'timeout' | 'killed' | 'output-limit';
  /** The last characters that it wrote to both streams, in the order in which they were written. */
  readonly outputTail: string;

  constructor(
    message: string,
    fields: Pick<CommandError, 'program' | 'exitCode' | 'reason' | 'outputTail'>,
    cause: unknown,
  ) {
    super(message, { cause });
    this.program = fields.program;
    this.exitCode = fields.exitCode;
    this.reason = fields.reason;
    this.outputTail = fields.outputTail;
  }
}

export const COMMAND_LIMITS = {
  outputBytes: 4 * 1024 * 1024,
  outputTailChars: 2_000,
  timeoutMs: 10 * 60_000,
  /** Milliseconds between asking a command to end and killing it. */
  graceMs: 2_000,
} as const;

/** The function that runs a program; callers may inject another one. */
export type CommandRunner = typeof runCommand;

/**
 * Runs a program without a shell and returns its standard output. Output and time are limited. On abort or timeout its
 * whole process group is asked to end, then killed.
 * @throws CommandError, or the signal's reason once the program has ended
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  options.signal?.throwIfAborted();
  const { signal, onLine, timeoutMs = COMMAND_LIMITS.timeoutMs } = options;
  return within({ ms: timeoutMs, signal, late: () => OVERTIME }, async (until) => {
    const child = start(program, args, options);
    const reported =
      onLine && Promise.all([reportLines(child, 'stdout', onLine), reportLines(child, 'stderr', onLine)]);
    const result = await endGroupOnAbort(child, until);
    await reported;
    if (until.aborted && until.reason !== OVERTIME) throw until.reason;
    const reason = until.aborted ? 'timeout' : result.failed ? failureReason(result) : undefined;
    if (reason === undefined) return result.stdout;
    throw toCommandError(program, result, { reason, timeoutMs });
  });
}

/** Aborts a command that takes too long. The error that is reported gets the output, which is not known yet here. */
const OVERTIME = new Error('the command took too long');

const start = (program: string, args: readonly string[], options: CommandOptions) =>
  execa(program, args, {
    all: true,
    reject: false,
    detached: true, // a process group of its own, so that what the program started ends with it
    maxBuffer: COMMAND_LIMITS.outputBytes,
    ...standardInput(options),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.environment === undefined ? {} : { env: options.environment, extendEnv: false }),
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });

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
    // Processes that it started may outlive it and ignore the request to end.
    if (force !== undefined) signalGroup(child.pid, 'SIGKILL');
  }
}

/** Signals a process group; a group that has ended already is ignored. */
function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function reportLines(
  child: { readonly iterable: (options: { from: 'stdout' | 'stderr' }) => AsyncIterable<unknown> },
  from: 'stdout' | 'stderr',
  report: (line: string) => void,
): Promise<void> {
  try {
    for await (const line of child.iterable({ from })) report(String(line));
  } catch {
    // The command's result says how it ended; a broken stream adds nothing.
  }
}

interface FailedResult {
  readonly code?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly isTerminated: boolean;
  readonly isMaxBuffer: boolean;
  readonly all: string;
}

function toCommandError(
  program: string,
  result: FailedResult,
  { reason, timeoutMs }: { readonly reason: CommandError['reason']; readonly timeoutMs: number },
): CommandError {
  const outputTail = (result.all ?? '').slice(-COMMAND_LIMITS.outputTailChars);
  const how = {
    'not-found': 'is not installed, or not for this user',
    'not-started': `could not be started (${result.code})`,
    failed: `ended with exit status ${result.exitCode}`,
    timeout: `took longer than ${timeoutMs} ms`,
    killed: `was killed by ${result.signal}`,
    'output-limit': `printed more than ${COMMAND_LIMITS.outputBytes} bytes`,
  }[reason];
  return new CommandError(`${program} ${how}`, { program, exitCode: result.exitCode, reason, outputTail }, result);
}

function failureReason(result: FailedResult): CommandError['reason'] {
  // A folder of PATH that this user may not enter gives EACCES.
  if (result.code === 'ENOENT' || result.code === 'EACCES') return 'not-found';
  if (result.isMaxBuffer) return 'output-limit';
  if (result.exitCode !== undefined) return 'failed';
  return result.isTerminated ? 'killed' : 'not-started';
}
