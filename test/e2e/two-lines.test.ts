/** One plant with two lines: a request may insist on one; else the expected seconds decide. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dag, MACHINE, script } from '../support/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '../support/test-grid.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('two-lines', { base: MACHINE.os, plantConfig: { lines: ['qemu', 'uml'] } });
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const BOOT_MS = 180_000;
const mark = script('mark', 'echo "marked by $(hostname)" > /root/mark');
const tell = script('tell', 'echo "Mark = \\"$(cat /root/mark)\\"" >> "$VMGRID_ATTRIBUTES"');
const wanted = dag([mark, tell], 'mark>tell');
const onUml = { ...MACHINE, line: 'uml' as const };

test(
  'a request that insists on UML gets a machine of it, also from an image, which is a disk alone',
  async () => {
    const { vm } = await grid.client.create({ machine: onUml, dag: wanted });
    expect(vm).toMatchObject({ State: 'running', Line: 'uml', Start: 'boot', Mark: `marked by ${vm.HostName}` });
    await grid.client.destroy(String(vm.VmId));
    const { image, built } = await grid.client.buildImage({ machine: onUml, dag: dag([mark]) });
    expect({ built, image }).toMatchObject({ built: true, image: { line: 'uml', suspended: false } });
    expect(await grid.client.buildImage({ machine: onUml, dag: dag([mark]) })).toMatchObject({ built: false });
    const { vm: clone } = await grid.client.create({ machine: onUml, dag: wanted });
    expect(clone).toMatchObject({ Line: 'uml', ImageId: image.imageId, ActionsCached: 1, ActionsRun: 1 });
    await grid.client.destroy(String(clone.VmId));
  },
  BOOT_MS,
);

test(
  'a request that leaves the line open is cloned from memory where that is expected sooner than a boot',
  async () => {
    const { image } = await grid.client.buildImage({ machine: MACHINE, dag: dag([mark]) });
    expect(image).toMatchObject({ line: 'qemu', suspended: true });
    const { vm, trail } = await grid.client.create({ machine: MACHINE, dag: wanted });
    expect(vm).toMatchObject({ Line: 'qemu', Start: 'restore', ImageId: image.imageId });
    const alternatives = trail?.answers[0]?.plan?.alternatives ?? [];
    expect(alternatives.map(({ line }) => line)).toContain('uml');
    await grid.client.destroy(String(vm.VmId));
  },
  BOOT_MS,
);
