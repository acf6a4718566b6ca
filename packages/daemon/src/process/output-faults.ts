/** The reader of a pipe has gone; a terminal was hung up. */
const READER_LEFT = ['EPIPE', 'EIO', 'ECONNRESET'];

/**
 * Keeps this program running when the reader of its standard output or error goes. Any other write error, such as a
 * full disk, is reported to `tell` and sets the exit status to 1.
 */
export function outliveReaders(tell: (error: Error) => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (READER_LEFT.includes(error.code ?? '')) return;
      process.exitCode = 1;
      if (stream === process.stdout) tell(error);
    });
  }
}
