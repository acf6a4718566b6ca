/**
 * One plant with two lines: a request may require one; otherwise the expected seconds decide, whatever they are on this
 * host.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { dag, MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('two lines', { base: MACHINE.os, plantConfig: { lines: ['qemu', 'uml'] } });
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const BOOT_MS = 180_000;
const mark = script('mark', 'echo "marked by $(hostname)" > /root/mark');
const tell = script('tell', 'echo "Mark = \\"$(cat /root/mark)\\"" >> "$VMGRID_ATTRIBUTES"');
const wanted = dag([mark, tell], 'mark>tell');
const onUml = { ...MACHINE, line: 'uml' as const };
const onQemu = { ...MACHINE, line: 'qemu' as const };

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
  'an image whose line is left open is built on the one that keeps memory; who insists on that line is cloned from it',
  async () => {
    const { image } = await grid.client.buildImage({ machine: MACHINE, dag: dag([mark]) });
    expect(image).toMatchObject({ line: 'qemu', suspended: true });
    const { vm } = await grid.client.create({ machine: onQemu, dag: wanted });
    expect(vm).toMatchObject({ Line: 'qemu', Start: 'restore', ImageId: image.imageId });
    await grid.client.destroy(String(vm.VmId));
  },
  BOOT_MS,
);

test(
  'a request that leaves the line open is made as the bid says, and what else the bid names is expected no sooner',
  async () => {
    const { vm, trail } = await grid.client.create({ machine: MACHINE, dag: wanted });
    const { line, start, imageId, actionsCached, expectedSeconds, alternatives = [] } = trail!.answers[0]!.plan!;
    const planned = { Line: line, Start: start, ImageId: imageId, ActionsCached: actionsCached };
    expect(vm).toMatchObject({ State: 'running', ...planned });
    expect(alternatives).not.toEqual([]);
    expect(alternatives.filter((other) => other.expectedSeconds < expectedSeconds)).toEqual([]);
    await grid.client.destroy(String(vm.VmId));
  },
  BOOT_MS,
);
