import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whyNotUnshared } from './namespaces.ts';

const FILLER = 'filler';
const CHUNK_BYTES = 65_536;

/** Why this process may mount nothing; undefined when it may. */
export const WHY_NO_SMALL_DISK = whyNotUnshared('--mount');

/**
 * A file system of a few MiB in memory, which can be filled to the last byte. A test of one is a
 * `testUnless(WHY_NO_SMALL_DISK)`. For who is not root, its file has `@unshared` in its first comment (runner.mjs).
 */
export class SmallDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static mount(mib: number): SmallDisk {
    const path = mkdtempSync(join(tmpdir(), 'vmgrid-small-'));
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=0755`, 'vmgrid-small', path], { stdio: 'pipe' });
    } catch (error) {
      rmdirSync(path);
      throw error;
    }
    return new SmallDisk(path);
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  /** Leaves so many bytes at most. */
  fill(leaving = 0): void {
    for (let size = CHUNK_BYTES; size >= 1; size = Math.floor(size / 2)) {
      while (this.freeBytes - size >= leaving && this.#tryAppend(size));
    }
  }

  free(): void {
    rmSync(join(this.path, FILLER), { force: true });
  }

  /** Programs with open files on it continue to use them. */
  unmount(): void {
    execFileSync('umount', ['-l', this.path]);
    rmdirSync(this.path);
  }

  #tryAppend(bytes: number): boolean {
    try {
      appendFileSync(join(this.path, FILLER), Buffer.alloc(bytes, 1));
      return true;
    } catch {
      return false;
    }
  }
}
