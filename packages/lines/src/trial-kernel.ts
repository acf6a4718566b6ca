/**
 * The kernel with which a line finds out whether KVM runs machines here: that of a base image, which machines will
 * boot.
 */
import { join } from 'node:path';
import type { GoldenImage } from '@vmgrid/warehouse';

/** The golden images that there are now, by id. */
export type FindImages = () => Promise<ReadonlyMap<string, GoldenImage>>;

export const NO_IMAGES: FindImages = async () => new Map();

export interface TrialKernel {
  /** The base image whose kernel it is. */
  readonly image: GoldenImage;
  /** Paths. */
  readonly kernel: string;
  readonly initrd: string;
  readonly commandLine: string;
  readonly memoryMiB: number;
}

/** What a kernel prints that came as far as to run a program. */
export const TRIED = 'vmgrid: this kernel runs programs';

/**
 * Pure: whether a kernel's console has it. In a line of its own: a kernel may print its command line, in which it is
 * too.
 */
export const hasRunProgram = (printed: string): boolean => printed.split(/\r?\n/).includes(TRIED);

/** The smallest base image: it boots quickest. */
const PREFERRED_OS = 'tiny-1';

/** Instead of its system it runs one program of its initial RAM disk, then restarts, having nothing else to do. */
const TRY_ONLY = `panic=-1 rdinit=/busybox -- echo ${TRIED}`;

/** Pure: the kernel to try KVM with; undefined where no base image has one, as those made for clouds have not. */
export function trialKernel(images: ReadonlyMap<string, GoldenImage>): TrialKernel | undefined {
  const kernels = [...images.values()].flatMap(kernelOf);
  return kernels.find(({ image }) => image.manifest.machine.os === PREFERRED_OS) ?? kernels[0];
}

function kernelOf(image: GoldenImage): readonly TrialKernel[] {
  const { manifest, directory } = image;
  const { boot, machine } = manifest;
  if (manifest.base !== manifest.id || !('kernel' in boot)) return [];
  const paths = { kernel: join(directory, boot.kernel), initrd: join(directory, boot.initrd) };
  return [{ image, ...paths, commandLine: `${boot.commandLine} ${TRY_ONLY}`, memoryMiB: machine.memoryMiB }];
}
