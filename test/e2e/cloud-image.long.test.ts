/**
 * A disk image made for clouds, with cloud-init and no file of vmgrid's in it: taken in, booted, configured, and
 * cloned.
 */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dag, script, MACHINE as TINY } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { cloudImage, MAKE_CLOUD_IMAGE_MS } from '@vmgrid/test-support/hosts/cloud-image.ts';
import { runPlantProgram } from '../../packages/vmgrid/src/local-grid/plant-program.ts';

const BOOT_MS = 600_000;
const MACHINE = { arch: 'x86_64', os: 'debian-12-cloud', memoryMiB: 512, cpus: 1, diskMiB: 2_048 } as const;
const mark = script('mark', 'echo "marked by $(hostname)" > /root/mark');
/** Reports how far cloud-init has configured the machine: it still works when its guest's agent answers. */
const tell = script(
  'tell',
  `cat > /root/tell <<'END'
until [ -e /run/cloud-init/result.json ]; do sleep 1; done
echo "Mark = \\"$(cat /root/mark)\\""
echo "CloudId = \\"$(cat /run/cloud-init/cloud-id)\\""
echo "Errors = \\"$(python3 -c 'import json; print(json.load(open("/run/cloud-init/result.json"))["v1"]["errors"])' | tr -d '"\\\\')\\""
echo "Named = \\"$(hostname) $(cat /etc/hostname)\\""
echo "Own = $(find / -xdev -path '*vmgrid*' -name agent | wc -l)"
END
sh /root/tell >> "$VMGRID_ATTRIBUTES"`,
  { timeout: 'PT5M' },
);

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('cloud', { base: TINY.os });
  const order = [
    '--file',
    await cloudImage(),
    '--os',
    MACHINE.os,
    '--warehouse',
    grid.warehouse,
    '--memory-mib',
    '256',
  ];
  await runPlantProgram(['import-cloud', ...order], { json: true, failure: 'BASE_BUILD_FAILED' });
}, OPEN_GRID_MS + MAKE_CLOUD_IMAGE_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

test(
  'cloud-init names it and sets it up by the disc that it finds as it boots, actions run in it, and its host key answers for it',
  async () => {
    const { vm } = await grid.client.create({ machine: MACHINE, dag: dag([mark, tell], 'mark>tell') });
    expect(vm).toMatchObject({
      ...{ State: 'running', Line: 'qemu', Start: 'boot', CloudId: 'nocloud', Errors: '[]', Own: 0 },
      ...{ Mark: `marked by ${vm.HostName}`, Named: `${vm.HostName} ${vm.HostName}` },
    });
    const scanned = execFileSync('ssh-keyscan', ['-t', 'ed25519', '-T', '20', '-p', String(vm.SshPort), '127.0.0.1'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    }).toString();
    expect(scanned).toContain(String(vm.SshHostKey));
    await grid.client.destroy(String(vm.VmId));
  },
  BOOT_MS,
);

test(
  'an image built of it is suspended in memory, and its clones wake with a name of their own',
  async () => {
    const { image } = await grid.client.buildImage({ machine: MACHINE, dag: dag([mark]) });
    expect(image).toMatchObject({ line: 'qemu', suspended: true });
    const named = script('named', 'echo "Named = \\"$(hostname)\\"" >> "$VMGRID_ATTRIBUTES"');
    const { vm } = await grid.client.create({ machine: MACHINE, dag: dag([mark, named], 'mark>named') });
    expect(vm).toMatchObject({ State: 'running', Start: 'restore', ActionsCached: 1, Named: vm.HostName });
    await grid.client.destroy(String(vm.VmId));
  },
  BOOT_MS,
);
