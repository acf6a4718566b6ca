import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runCommand } from '@vmgrid/daemon';
import { NO_GROUPS } from '@vmgrid/host';
import { useTemporaryFolder } from '@vmgrid/test-support/hosts/temporary-folder.ts';
import { launch } from '../src/qemu/launch.ts';
import { FILES } from '../src/qemu/layout.ts';
import { isSuspended } from '../src/qemu/suspension.ts';

const folder = useTemporaryFolder();

test('a machine that boots from its disk can never wake again where it slept', async () => {
  const directory = folder();
  await mkdir(join(directory, 'run'));
  await writeFile(join(directory, FILES.suspended), 'memory');
  const order = {
    ...{ vmId: 'vm-1', directory, purpose: 'clone', start: 'boot', guestNetwork: 'isolated' },
    machine: { arch: 'x86_64', os: 'tiny-1', memoryMiB: 64, cpus: 1, diskMiB: 256 },
    macAddress: '02:00:00:00:00:01',
    image: { directory, baseDirectory: directory, manifest: { boot: { firmware: 'bios', layouts: [] } } },
  };
  const compatibility = { vmm: 'qemu', vmmVersion: '8.2.0', accelerator: 'tcg', machineType: 'q35', cpuModel: 'max' };
  const options = { ...{ order, compatibility, binary: 'false', readonlyMapping: false }, user: undefined };
  const host = { run: runCommand, reached: () => undefined, groups: NO_GROUPS };
  const launched = launch({ ...options, ...host } as never, new AbortController().signal);
  await expect(launched).rejects.toMatchObject({ code: 'VMM_FAILED' });
  expect(await isSuspended(directory)).toBe(false);
});
