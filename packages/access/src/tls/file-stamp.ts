import { statSync } from 'node:fs';

/** Changes whenever the file does, or who may read it. */
export function stampOf(file: string): string {
  const { mtimeMs, ctimeMs, size, ino } = statSync(file);
  return `${mtimeMs} ${ctimeMs} ${size} ${ino}`;
}

/** Calls `look` again and again, and keeps no process running for it. */
export type Again = (look: () => void) => void;

const LOOKED_AT_MS = 1_000;
export const eachSecond: Again = (look) => void setInterval(look, LOOKED_AT_MS).unref();
