import { CommandError, type CommandOptions, type CommandRunner, runCommand } from '@vmgrid/daemon';
import { type ErrorCode, type ErrorDetails, exhaustionIn, exhaustionOf, GridError } from '@vmgrid/protocol';

/** The Debian package of each program, for the message when the program is missing. */
const PACKAGES: Readonly<Record<string, string>> = {
  'qemu-system-x86_64': 'qemu-system-x86',
  'qemu-img': 'qemu-utils',
  setpriv: 'util-linux',
  prlimit: 'util-linux',
  unshare: 'util-linux',
  cp: 'coreutils',
  mkfifo: 'coreutils',
  'linux.uml': 'user-mode-linux',
  uml_mkcow: 'uml-utilities',
  uml_mconsole: 'uml-utilities',
  slirp4netns: 'slirp4netns',
};

export interface ToolOptions extends CommandOptions {
  readonly signal: AbortSignal;
  /** Used instead of `runCommand`. */
  readonly run?: CommandRunner | undefined;
  /** The error when the tool fails; the tool's last output is added to the details. */
  readonly failure: { readonly code: ErrorCode; readonly message: string; readonly details?: ErrorDetails };
}

/**
 * Runs a program of the host. Its failures become the plant's own errors: TOOL_MISSING when it is not installed,
 * HOST_…_FULL when the error or the program's last output says that the host has run out of something.
 */
export async function runTool(
  program: string,
  args: readonly string[],
  { run = runCommand, failure, ...options }: ToolOptions,
): Promise<string> {
  try {
    return await run(program, args, options);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (error.reason === 'not-found') throw toolMissing(program, error);
    const { code, message, details } = failure;
    throw new GridError(
      exhaustionOf(error) ?? exhaustionIn(error.outputTail) ?? code,
      `${message}: ${error.message}`,
      { ...details, output: error.outputTail },
      { cause: error },
    );
  }
}

export const toolMissing = (program: string, cause: unknown): GridError =>
  new GridError(
    'TOOL_MISSING',
    `${program} is not installed; it is in the package ${PACKAGES[program] ?? program}`,
    { program },
    { cause },
  );
