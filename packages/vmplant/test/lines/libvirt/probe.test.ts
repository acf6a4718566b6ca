import { expect, test } from '@jest/globals';
import { runCommand } from '@vmgrid/daemon';
import { nameVm } from '../../../src/identity.ts';
import type { LibvirtHost } from '../../../src/lines/libvirt/libvirt-host.ts';
import { type ProbeDeps, probeLibvirt } from '../../../src/lines/libvirt/probe.ts';

test('a plant whose machines would have sockets with addresses too long for the kernel has no libvirt line, and says so', async () => {
  // Neither is asked: the answer is known before.
  const deps: ProbeDeps = { host: {} as LibvirtHost, run: runCommand, sample: () => ({ uuid: '', xml: '' }) };
  const stateDirectory = `/home/${'a'.repeat(60)}`;
  const report = await probeLibvirt(deps, { uri: 'qemu:///session', stateDirectory }, AbortSignal.timeout(10_000));
  const bytes = `${stateDirectory}/vms/${nameVm().vmId}/console.sock`.length;
  expect(report).toMatchObject({
    available: false,
    reason: expect.stringContaining(
      `would take ${bytes} bytes, the kernel takes 107: give the plant a shorter stateDirectory`,
    ),
  });
});
