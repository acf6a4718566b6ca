/** Whether libvirt keeps what it found out about QEMU, or asks QEMU anew each time. */

/**
 * A look-up takes 20 ms where libvirt keeps what it knows, and 600 ms and more where it asks QEMU; a busy host is
 * slower.
 */
export const KEPT_WITHIN_MS = 500;

/** Two questions, one after the other, that make libvirt look up what QEMU can do. */
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

/** Pure: what is wrong when the second look-up is not fast, and how to mend it; empty when it is. */
export function lookUpsFault({ firstMs, secondMs }: LookUps): string {
  if (secondMs <= KEPT_WITHIN_MS) return '';
  const [first, second] = [firstMs, secondMs].map(Math.round);
  const measured = `libvirt took ${first} ms to look up its capabilities, then ${second} ms again (limit: ${KEPT_WITHIN_MS} ms)`;
  return `${measured}: unless the host is very busy, ${CAUSE}. ${REMEDY}`;
}
