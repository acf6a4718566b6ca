/** Checks what keeps machines from changing golden images here, for `vmgrid doctor`. */
import { join } from 'node:path';
import { execa } from 'execa';
import { BUNDLES } from '../local-grid/daemons.ts';

export interface ImagesFinding {
  /** The version of the kernel's Landlock, 0 if it has none; undefined when this install has no `vmgrid-confine`. */
  readonly landlock: number | undefined;
  /** Whether a machine that its guest has taken over is kept from changing golden images. */
  readonly kept: boolean;
  /** The consequence, and the next step. */
  readonly note: string;
}

const DEADLINE_MS = 5_000;

export async function examineImages(program = join(BUNDLES, 'native/vmgrid-confine')): Promise<ImagesFinding> {
  const { stdout, failed } = await execa(program, ['--landlock'], { reject: false, timeout: DEADLINE_MS });
  return imagesFinding(failed ? undefined : Number(stdout), process.getuid?.() === 0);
}

/** Pure. `isRoot`: whether machines have users of their own, who may not write to images. */
export function imagesFinding(landlock: number | undefined, isRoot: boolean): ImagesFinding {
  const kept = landlock !== undefined && (landlock > 0 || isRoot);
  return { landlock, kept, note: noteOf(landlock, isRoot) };
}

function noteOf(landlock: number | undefined, isRoot: boolean): string {
  if (landlock === undefined) {
    return 'this install has no dist/native/vmgrid-confine, and starts no machine without: run `npm run bundle`, with gcc';
  }
  const byUser = isRoot ? 'users of their own, who may not write to images' : 'the user who owns the images';
  if (landlock > 0) return `machines run as ${byUser}, and Landlock (version ${landlock}) keeps them from all files`;
  const instead = isRoot ? '' : ': one that its guest takes over can change them; boot a kernel with Landlock (lsm=)';
  return `machines run as ${byUser}; the kernel has no Landlock${instead}`;
}
