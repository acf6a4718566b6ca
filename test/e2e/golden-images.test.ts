/** Golden images save time: machines run only the actions that their image does not stand for. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { EqualityReply, VerifyImagesReply } from '@vmgrid/protocol';
import { dag, MACHINE, order, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { followToEnd } from '../../packages/vmgrid/src/follow.ts';

let grid: TestGrid;
let blankId: string;
let goldenId: string;

/** Each leaves a line, so that the machine itself tells what was run on it and in which order. */
const action = (name: string, id = name) => script(id, `echo ${name} >>/root/ran`);
/** So slow that the planner rather has it from an image, however long that took to restore on a busy host. */
const slow = (name: string, id = name) => script(id, `sleep 3; echo ${name} >>/root/ran`);
const A = slow('A');
const [B, C, D] = [action('B'), action('C'), action('D')];
const DIAMOND = ['A>B', 'A>C', 'B>D', 'C>D'];
const tell = script('tell', 'echo "Ran = \\"$(tr "\\n" " " </root/ran)\\"" >>"$VMGRID_ATTRIBUTES"');

beforeAll(async () => {
  grid = await TestGrid.open('golden');
  blankId = (await grid.client.buildImage({ machine: MACHINE, dag: dag([]) })).image.imageId;
  const golden = await grid.client.buildImage({ machine: MACHINE, dag: dag([A, B], 'A>B') });
  expect(golden).toMatchObject({
    built: true,
    image: { suspended: true, parent: blankId, history: [{ id: 'A' }, { id: 'B' }], plants: ['plant-1'] },
  });
  goldenId = golden.image.imageId;
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

async function createAndTell(actions: ReturnType<typeof action>[], ...edges: string[]) {
  const last = actions.map(({ id }) => `${id}>tell`);
  const request = { machine: MACHINE, dag: dag([...actions, tell], ...edges, ...last) };
  return (await grid.client.create(request)).vm;
}

test('A→{B,C}→D is cloned from the memory of the image for A→B and runs only C and D', async () => {
  const { vm, trail } = await grid.client.create({ machine: MACHINE, dag: dag([A, B, C, D], ...DIAMOND) });
  expect(vm).toMatchObject({ ImageId: goldenId, Start: 'restore', ActionsCached: 2, ActionsRun: 2 });
  expect(trail!.answers[0]!.plan).toMatchObject({ imageId: goldenId, actionsCached: 2, actionsLeft: 2 });
  expect(vm.PhasesMs).toMatchObject({ overlay: expect.any(Number), restore: expect.any(Number) });
  expect(vm.PhasesMs).not.toHaveProperty('boot');
}, 60_000);

test('what ran in the image was done before, what the image lacks comes after it, in an order the DAG allows', async () => {
  const vm = await createAndTell([A, B, C, D], ...DIAMOND);
  expect(vm).toMatchObject({ ImageId: goldenId, Ran: 'A B C D ', ActionsCached: 2, ActionsRun: 3 });
}, 60_000);

test('equal actions hit the image whatever they are called and however they may be retried', async () => {
  const renamed = { ...slow('A', 'first'), retries: 3, timeout: 'PT1M' };
  const vm = await createAndTell([renamed, action('B', 'second')], 'first>second');
  expect(vm).toMatchObject({ ImageId: goldenId, Ran: 'A B ', ActionsCached: 2, ActionsRun: 1 });
}, 60_000);

test('an image that has an action nobody wants is not taken', async () => {
  expect(await createAndTell([A, C])).toMatchObject({ ImageId: blankId, ActionsCached: 0, ActionsRun: 3 });
}, 60_000);

test('an image that lacks an action which must come before is not taken', async () => {
  const vm = await createAndTell([C, A, B], 'C>A', 'A>B');
  expect(vm).toMatchObject({ ImageId: blankId, Ran: 'C A B ', ActionsCached: 0 });
}, 60_000);

test('an image made in an order which the DAG does not allow is not taken, but for another DAG it is', async () => {
  const E = slow('E');
  const other = await grid.client.buildImage({ machine: MACHINE, dag: dag([A, E, B], 'A>E', 'E>B') });
  expect(other.image.history.map(({ id }) => id)).toEqual(['A', 'E', 'B']);
  const against = await createAndTell([A, B, E], 'A>B', 'B>E');
  expect(against).toMatchObject({ ImageId: goldenId, Ran: 'A B E ' });
  const along = await createAndTell([A, B, E], 'A>B', 'A>E');
  expect(along).toMatchObject({ ImageId: other.image.imageId, Ran: 'A E B ', ActionsCached: 3 });
}, 60_000);

test('the same image is not built twice', async () => {
  const again = await grid.client.buildImage({
    machine: MACHINE,
    dag: dag([slow('A', 'x'), action('B', 'y')], 'x>y'),
  });
  expect(again).toMatchObject({ built: false, image: { imageId: goldenId } });
}, 60_000);

test('what an action left in /tmp is there for the next one, whether the image is restored or booted', async () => {
  const fetch = script('fetch', 'echo data > /tmp/x; sleep 3');
  const unpack = script('unpack', 'echo "Unpacked = \\"$(cat /tmp/x)\\"" >>"$VMGRID_ATTRIBUTES"');
  const { image } = await grid.client.buildImage({ machine: MACHINE, dag: dag([fetch]) });
  for (const [start, memoryMiB] of [
    ['restore', MACHINE.memoryMiB],
    ['boot', 160],
  ]) {
    const machine = { ...MACHINE, memoryMiB: Number(memoryMiB) };
    const { vm } = await grid.client.create({ machine, dag: dag([fetch, unpack], 'fetch>unpack') });
    expect(vm).toMatchObject({ ImageId: image.imageId, Start: start, Unpacked: 'data' });
  }
}, 120_000);

test('an image is verified by two clones: one that gives each the same name is refused, and not used again', async () => {
  const verify = async (imageId: string) => {
    const submitted = await grid.client.submitVerifyImages({ imageIds: [imageId], identity: true });
    const { images } = await followToEnd<VerifyImagesReply>(grid.client, submitted, true);
    return images.find((one) => one.imageId === imageId)!.faults;
  };
  expect(await verify(goldenId)).toEqual([]);
  const naming = script('naming', 'sleep 3; echo fixed > /etc/hostname');
  const { image } = await grid.client.buildImage({ machine: MACHINE, dag: dag([naming]) });
  const reason = 'its clones share KernelHostName (fixed), HostNameFile (fixed)';
  expect(await verify(image.imageId)).toEqual([{ file: 'identity', reason }]);
  const { vm } = await grid.client.create({ machine: MACHINE, dag: dag([naming]) });
  expect(vm).toMatchObject({ ImageId: blankId, ActionsRun: 1 });
}, 120_000);

test('another memory size cannot be restored: the image is booted, and its actions are still spared', async () => {
  const machine = { ...MACHINE, memoryMiB: 320, cpus: 2 };
  const look = script(
    'look',
    'echo "Seen = \\"$(nproc) $(awk \'/MemTotal/ { print int($2 / 1024) }\' /proc/meminfo) $(tr "\\n" " " </root/ran)\\"" >>"$VMGRID_ATTRIBUTES"',
  );
  const { vm } = await grid.client.create({ machine, dag: dag([A, B, look], 'A>B', 'B>look') });
  expect(vm).toMatchObject({ Start: 'boot', ImageId: goldenId, ActionsCached: 2, ActionsRun: 1, MemoryMiB: 320 });
  const [, cpus, memoryMiB] = /^(\d+) (\d+) A B $/.exec(String(vm.Seen)) ?? [];
  expect(cpus).toBe('2');
  expect(Number(memoryMiB)).toBeGreaterThan(256);
}, 90_000);

test('guests are equal however they are got, and an image with a daemon in its memory is never booted', async () => {
  const files = script('files', 'echo one >/root/one; ln /root/one /root/two; chmod 4755 /root/one; echo x >/tmp/x');
  const daemon = script('daemon', 'cat /tmp/x; (setsid sleep 100000 </dev/null >/dev/null 2>&1 &)');
  const told = script('told', 'echo "Told = true" >>"$VMGRID_ATTRIBUTES"');
  const wanted = dag([files, daemon, told], 'files>daemon', 'daemon>told');
  const submitted = await grid.client.submitVerifyEqual({ machine: MACHINE, dag: wanted });
  const { plants } = await followToEnd<EqualityReply>(grid.client, submitted, true);
  expect(plants).toMatchObject([{ differences: [] }]);
  const ways = plants[0]!.ways.map(({ start, cached }) => `${start} ${cached}`).sort();
  expect(ways).toEqual(['boot 0', 'boot 1', 'restore 1', 'restore 2', 'restore 3']);
}, 240_000);

test('a larger disk than the image has is grown', async () => {
  const look = script('look', 'echo "DiskKiB = $(df -k / | awk \'NR == 2 { print $2 }\')" >>"$VMGRID_ATTRIBUTES"');
  const { vm } = await grid.client.create({ machine: { ...MACHINE, diskMiB: 3_072 }, dag: dag([look]) });
  expect(vm).toMatchObject({ Start: 'restore', ImageId: blankId });
  expect(Number(vm.DiskKiB)).toBeGreaterThan(2_900 * 1_024 * 0.95);
}, 60_000);

test('an image with a secret action is refused, and one whose action fails does not come to be', async () => {
  const secret = script('password', 'true', { secret: true });
  await expect(grid.client.buildImage({ machine: MACHINE, dag: dag([secret]) })).rejects.toMatchObject({
    code: 'SECRET_IN_IMAGE',
    details: { actionId: 'password' },
  });
  const before = (await grid.client.images()).images.length;
  const failing = script('failing', 'exit 9');
  await expect(grid.client.buildImage({ machine: MACHINE, dag: dag([failing]) })).rejects.toMatchObject({
    code: 'ACTION_FAILED',
    details: { actionId: 'failing', exitCode: 9 },
  });
  const tolerated = script('tolerated', 'exit 9', { onError: 'continue' });
  await expect(grid.client.buildImage({ machine: MACHINE, dag: dag([tolerated]) })).rejects.toMatchObject({
    code: 'ACTION_FAILED',
  });
  expect((await grid.client.images()).images).toHaveLength(before);
}, 60_000);

test('an image in use cannot be removed; once free it can, and is unknown then', async () => {
  const F = slow('F');
  const { image } = await grid.client.buildImage({ machine: MACHINE, dag: dag([F]) });
  const { vm } = await grid.client.create(order([F]));
  expect(vm.ImageId).toBe(image.imageId);
  await expect(grid.client.removeImage(image.imageId)).rejects.toMatchObject({
    code: 'IMAGE_IN_USE',
    details: { imageId: image.imageId, users: [vm.VmId] },
  });
  await expect(grid.client.removeImage(blankId)).rejects.toMatchObject({
    code: 'IMAGE_IN_USE',
    details: { children: expect.arrayContaining([image.imageId]) },
  });
  await grid.client.destroy(String(vm.VmId));
  await grid.client.removeImage(image.imageId);
  await expect(grid.client.image(image.imageId)).rejects.toMatchObject({ code: 'IMAGE_UNKNOWN' });
  const { vm: after } = await grid.client.create(order([F]));
  expect(after).toMatchObject({ ImageId: blankId, ActionsRun: 1 });
}, 60_000);
