/**
 * The kernel with which a line finds out whether KVM runs machines here. It is the kernel of a base image, so machines
 * will boot it.
 */
import { join } from 'node:path';
import type { GoldenImage } from '@vmgrid/warehouse';

/** Returns the present golden images, by id. */
export type FindImages = () => Promise<ReadonlyMap<string, GoldenImage>>;

export const NO_IMAGES: FindImages = async () => new Map();

export interface TrialKernel {
  /** The base image that has the kernel. */
  readonly image: GoldenImage;
  /** Paths. */
  readonly kernel: string;
  readonly initrd: string;
  readonly commandLine: string;
  readonly memoryMiB: number;
}

/** A kernel that got as far as running a program prints this. */
export const TRIED = 'vmgrid: this kernel runs programs';

/**
 * Returns whether a kernel's console has that line. It must be a whole line, because a kernel may print its command
 * line, which contains the text too. Pure.
 */
export const hasRunProgram = (printed: string): boolean => printed.split(/\r?\n/).includes(TRIED);

/** The smallest base image, because it boots fastest. */
const PREFERRED_OS = 'tiny-1';

/**
 * Instead of the system the kernel runs one program of its initial RAM disk, and then restarts, because nothing is left
 * to do.
 */
const TRY_ONLY = `panic=-1 rdinit=/busybox -- echo ${TRIED}`;

/** Returns the kernel to try KVM with; undefined when no base image has one, as with cloud images. Pure. */
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
