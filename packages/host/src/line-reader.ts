import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';

/**
 * Returns a function that takes text in pieces and calls `onLine` with each line, without its end. A line longer than
 * `maxChars` is cut there and its rest dropped, because the writer may be a hostile guest.
 */
export function lineSplitter(maxChars: number, onLine: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  return (chunk) => {
    const pieces = decoder.write(chunk).split('\n');
    for (const [index, piece] of pieces.entries()) {
      if (pending.length < maxChars) pending = (pending + piece).slice(0, maxChars);
      if (index === pieces.length - 1) break;
      const line = pending;
      pending = '';
      onLine(line);
    }
  };
}

/** Calls `onLine` with each line of a socket's text, as `lineSplitter` does. */
export function readLines(socket: Socket, maxChars: number, onLine: (line: string) => void): void {
  socket.on('data', lineSplitter(maxChars, onLine));
}
