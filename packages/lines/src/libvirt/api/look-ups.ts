/** Finds out whether libvirt caches QEMU's capabilities, or asks QEMU anew each time. */

/**
 * A lookup takes 20 ms when libvirt has cached the answer, and 600 ms or more when it asks QEMU; a busy host is slower.
 */
export const KEPT_WITHIN_MS = 500;

/** Durations of two successive questions for which libvirt must look up QEMU's capabilities. */
export interface LookUps {
  readonly firstMs: number;
  readonly secondMs: number;
}

const CAUSE = [
  'libvirt throws away what it knows when it and QEMU, which it asks with the rights of root, disagree on whether',
  '/dev/kvm can be used',
].join(' ');
const REMEDY = [
  'Let the user that libvirt runs QEMU as open it: `chgrp kvm /dev/kvm; chmod 660 /dev/kvm; usermod -aG kvm libvirt-qemu`;',
  'where KVM makes no machine at all, remove it: `rm /dev/kvm`. Then restart libvirtd',
].join(' ');

/** Returns what is wrong when the second lookup is not fast, and how to correct it; empty when it is fast. Pure. */
export function lookUpsFault({ firstMs, secondMs }: LookUps): string {
  if (secondMs <= KEPT_WITHIN_MS) return '';
  const [first, second] = [firstMs, secondMs].map(Math.round);
  const measured = `libvirt took ${first} ms to look up its capabilities, then ${second} ms again (limit: ${KEPT_WITHIN_MS} ms)`;
  return `${measured}: unless the host is very busy, ${CAUSE}. ${REMEDY}`;
}
