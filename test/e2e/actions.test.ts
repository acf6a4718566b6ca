/** Actions that fail, hang, are retried or tolerated: the client learns which and why, and nothing is left behind. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import { dag, host, MACHINE, order, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('actions', {
    hostActions: {
      refuse: '#!/bin/sh\necho "the registry says no" >&2\nexit 4\n',
      hang: '#!/bin/sh\nsleep 600\n',
    },
  });
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

/** The error of a create that must fail without a trace. */
async function refusalOf(request: object): Promise<GridError> {
  const before = await grid.vmFolders();
  const error = await grid.client.create(request as never).then(
    ({ vm }) => expect(vm).toBe('not created') as never,
    (thrown: GridError) => thrown,
  );
  expect(await grid.vmFolders()).toEqual(before);
  expect(error).toBeInstanceOf(GridError);
  return error;
}

test('a failing action tells its id, its exit code and its last lines, and nothing is left', async () => {
  const failing = script('compile', 'for n in $(seq 2000); do echo "line $n"; done; echo "no compiler" >&2; exit 7');
  const never = script('never', 'true');
  const error = await refusalOf({ machine: MACHINE, dag: dag([failing, never], 'compile>never') });
  expect(error).toMatchObject({ code: 'ACTION_FAILED', details: { actionId: 'compile', kind: 'script', exitCode: 7 } });
  expect(String(error.details.output)).toMatch(/line 2000\nno compiler\n?$/);
  expect(String(error.details.output).length).toBeLessThanOrEqual(4_096);
  expect(await grid.leftovers()).toEqual([]);
}, 60_000);

test('an action that hangs is ACTION_TIMEOUT, with what it had said', async () => {
  const hanging = script('wait', 'echo "waiting for a licence"; sleep 600', { timeout: 'PT2S' });
  expect(await refusalOf(order([hanging]))).toMatchObject({
    code: 'ACTION_TIMEOUT',
    details: { actionId: 'wait', output: expect.stringContaining('waiting for a licence') },
  });
}, 60_000);

test('an action that will not be ended is killed', async () => {
  const stubborn = script('stubborn', 'trap "" TERM; while :; do sleep 1; done', { timeout: 'PT1S' });
  expect(await refusalOf(order([stubborn]))).toMatchObject({ code: 'ACTION_TIMEOUT' });
}, 60_000);

test('an action that fills the disk still reports', async () => {
  const most = `fallocate -l "$(($(df -k / | awk 'END { print $4 }') - 20000))KiB" /root/most`;
  const filling = script('fill', `${most}; dd if=/dev/zero of=/root/rest bs=1M count=256`);
  const error = await refusalOf(order([filling]));
  expect(error).toMatchObject({ code: 'ACTION_FAILED', details: { actionId: 'fill' } });
  expect(String(error.details.output)).toMatch(/No space left on device/);
}, 120_000);

test('output is cut, never the action: neither one that prints 17 MiB nor one after a daemon that floods fails', async () => {
  const print = 'dd if=/dev/zero bs=1M count=17 2> /dev/null | tr "\\0" x';
  const flood = script('flood', `${print}; echo "Printed = true" >> "$VMGRID_ATTRIBUTES"`);
  const daemon = script('daemon', `(while :; do ${print}; sleep 1; done) &`);
  const { vm } = await grid.client.create({
    machine: MACHINE,
    dag: dag([flood, daemon, script('next', 'sleep 2; echo next')], 'flood>daemon', 'daemon>next'),
  });
  expect(vm).toMatchObject({ Printed: true, ActionsRun: 3 });
  const failing = script('fail', `${print}; echo "no room" >&2; exit 3`);
  expect(await refusalOf(order([failing]))).toMatchObject({
    details: { actionId: 'fail', exitCode: 3, output: expect.stringMatching(/xno room\n$/) },
  });
}, 120_000);

test('a guest that starts anew during an action fails it at once, with words for it', async () => {
  const restarting = script('upgrade', 'echo "the kernel is new"; reboot -f; sleep 600');
  expect(await refusalOf(order([restarting]))).toMatchObject({
    code: 'GUEST_RESTARTED',
    details: { actionId: 'upgrade' },
  });
}, 120_000);

test('an action is tried again as often as it says, after its recover script', async () => {
  const flaky = script('flaky', 'echo try >>/root/tries; test "$(grep -c recovered /root/tries)" = 2', {
    retries: 2,
    recover: 'echo recovered >>/root/tries',
  });
  const tell = script('tell', 'echo "Tries = \\"$(tr "\\n" " " </root/tries)\\"" >>"$VMGRID_ATTRIBUTES"');
  const { vm } = await grid.client.create({ machine: MACHINE, dag: dag([flaky, tell], 'flaky>tell') });
  expect(vm).toMatchObject({ Tries: 'try recovered try recovered try ', ActionsRun: 2, FailedActions: [] });
}, 60_000);

test('an action that failed as often as it may is the failure', async () => {
  const hopeless = script('hopeless', 'exit 5', { retries: 1 });
  expect(await refusalOf(order([hopeless]))).toMatchObject({ details: { actionId: 'hopeless', exitCode: 5 } });
}, 60_000);

test('an action that may fail is named, and the rest goes on', async () => {
  const optional = script('optional', 'exit 1', { onError: 'continue' });
  const { vm } = await grid.client.create({
    machine: MACHINE,
    dag: dag([optional, script('rest', 'true')], 'optional>rest'),
  });
  expect(vm).toMatchObject({ State: 'running', FailedActions: ['optional'], ActionsRun: 1 });
}, 60_000);

test('a host action that fails or hangs is told as one of the guest is', async () => {
  expect(await refusalOf(order([script('first', 'true'), host('register', 'refuse')]))).toMatchObject({
    code: 'ACTION_FAILED',
    details: {
      actionId: 'register',
      kind: 'host',
      exitCode: 4,
      output: expect.stringContaining('the registry says no'),
    },
  });
  expect(await refusalOf(order([{ ...host('slow', 'hang'), timeout: 'PT1S' }]))).toMatchObject({
    code: 'ACTION_TIMEOUT',
    details: { actionId: 'slow' },
  });
}, 60_000);

test('keepFailed holds the machine for inspection until it is destroyed', async () => {
  const error = await grid.client
    .create({ ...order([script('broken', 'echo evidence >&2; exit 6')]), keepFailed: true })
    .then(() => undefined, GridError.from);
  expect(error).toMatchObject({ code: 'ACTION_FAILED', details: { keptVmId: expect.stringMatching(/^vm-/) } });
  const vmId = String(error!.details.keptVmId);
  expect((await grid.client.query({ vmId })).vm).toMatchObject({ State: 'failed', FailureCode: 'ACTION_FAILED' });
  const machines = (await grid.leftovers()).filter((line) => line.startsWith('process'));
  expect(machines.length).toBeGreaterThan(0);
  expect((await grid.client.destroy(vmId)).vm).toMatchObject({ State: 'destroyed' });
}, 60_000);

test('the text of a secret action is in no reply, log, record or classad', async () => {
  const secret = 'hunter2-3c9d1f';
  const failing = script('login', `echo ${secret}; echo "${secret} was refused" >&2; exit 8`, { secret: true });
  const error = await refusalOf(order([failing]));
  expect(error).toMatchObject({ code: 'ACTION_FAILED', details: { actionId: 'login', exitCode: 8 } });
  const kept = { ...script('password', `echo ${secret}; true`, { secret: true }) };
  const { vm, trail } = await grid.client.create(order([kept], { requestId: 'with-a-secret' }));
  const operation = await grid.client.operation('with-a-secret');
  const logs = await Promise.all(['shop', 'plant-1'].map((name) => grid.logOf(name)));
  expect(JSON.stringify([error.toBody(), vm, trail, operation, logs])).not.toContain(secret);
  expect(await grid.filesWith('with-a-secret')).not.toEqual([]);
  expect(await grid.filesWith(secret)).toEqual([]);
}, 60_000);

test('configure runs more actions, and tells the same of one that fails', async () => {
  const vmId = String((await grid.client.create(order([script('A', 'echo A >/root/a')]))).vm.VmId);
  const more = await grid.client.configure({
    vmId,
    dag: dag([script('B', 'echo "Has = \\"$(cat /root/a)\\"" >>"$VMGRID_ATTRIBUTES"')]),
  });
  expect(more.vm).toMatchObject({ State: 'running', ActionsRun: 2, Has: 'A' });
  const failed = grid.client.configure({ vmId, dag: dag([script('C', 'echo sorry; exit 3')]) });
  await expect(failed).rejects.toMatchObject({
    code: 'ACTION_FAILED',
    details: { actionId: 'C', exitCode: 3, output: expect.stringContaining('sorry') },
  });
  expect((await grid.client.query({ vmId })).vm).toMatchObject({ State: 'running', ActionsRun: 2 });
}, 60_000);

test('configure with the whole DAG runs what the history lacks; one that the history contradicts is a conflict', async () => {
  const [A, B, C] = ['A', 'B', 'C'].map((id) => script(id, `echo ${id} >>/root/ran`)) as [never, never, never];
  const vmId = String((await grid.client.create({ machine: MACHINE, dag: dag([A, B], 'A>B') })).vm.VmId);
  const whole = await grid.client.configure({ vmId, scope: 'whole', dag: dag([A, B, C], 'A>B', 'B>C') });
  expect(whole.vm.ActionsRun).toBe(3);
  const again = await grid.client.configure({ vmId, scope: 'whole', dag: dag([A, B, C], 'A>B', 'B>C') });
  expect(again.vm.ActionsRun).toBe(3);
  const against = grid.client.configure({ vmId, scope: 'whole', dag: dag([A, B, C], 'B>A') });
  await expect(against).rejects.toMatchObject({ code: 'CONFIGURATION_CONFLICT', details: { vmId } });
  const without = grid.client.configure({ vmId, scope: 'whole', dag: dag([A]) });
  await expect(without).rejects.toMatchObject({ code: 'CONFIGURATION_CONFLICT', details: { actionId: 'B' } });
}, 60_000);
