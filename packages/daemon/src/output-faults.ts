/** A pipe that nobody reads any more; a terminal that was hung up. */
const READER_LEFT = ['EPIPE', 'EIO', 'ECONNRESET'];

/**
 * From now on this program's work does not end with whoever reads its standard output or error. What else a stream
 * cannot take, such as for a full disk, is told and makes the exit status 1.
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
