/** The report on a slow libvirt. The measured times come from a host with the fault, and from one without it. */
import { expect, test } from '@jest/globals';
import { KEPT_WITHIN_MS, lookUpsFault } from '../../src/libvirt/api/look-ups.ts';

test('a libvirt that asks QEMU once and keeps the answer is as it should be', () => {
  expect(lookUpsFault({ firstMs: 1_301, secondMs: 16 })).toBe('');
  expect(lookUpsFault({ firstMs: 16, secondMs: KEPT_WITHIN_MS })).toBe('');
});

test('one that asks QEMU each time is said to be slow: by how much, why, and how to mend it', () => {
  const fault = lookUpsFault({ firstMs: 1_301.4, secondMs: 1_374.2 });
  expect(fault).toContain(`1301 ms to look up its capabilities, then 1374 ms again (limit: ${KEPT_WITHIN_MS} ms)`);
  expect(fault).toContain('disagree on whether /dev/kvm can be used');
  expect(fault).toContain('usermod -aG kvm libvirt-qemu');
});
