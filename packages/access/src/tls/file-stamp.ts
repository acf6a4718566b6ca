import { statSync } from 'node:fs';

/** Returns a stamp that changes whenever the file or its permissions change. */
export function stampOf(file: string): string {
  const { mtimeMs, ctimeMs, size, ino } = statSync(file);
  return `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
}

/** Calls `look` repeatedly, and does not keep the process running for it. */
export type Again = (look: () => void) => void;

const LOOKED_AT_MS = 1_000;
export const eachSecond: Again = (look) => void setInterval(look, LOOKED_AT_MS).unref();
