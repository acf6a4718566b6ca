/** Actions that restart their machine: what comes after them runs after the boot, on each line that boots a Linux. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { GridError } from '@vmgrid/protocol';
import { dag, MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { OPEN_GRID_MS, TestGrid } from '@vmgrid/test-support/grids/test-grid.ts';
import { greetingAt } from '../contract/greeting.ts';

let grid: TestGrid;
beforeAll(async () => {
  grid = await TestGrid.open('restart', { base: MACHINE.os, plantConfig: { lines: ['qemu', 'uml'] } });
}, OPEN_GRID_MS);
afterAll(async () => expect((await grid?.close()) ?? []).toEqual([]), 60_000);

const TEST_MS = 300_000;

/** Tells an attribute. */
const tell = (name: string, value: string) => `echo "${name} = \\"${value}\\"" >>"$VMGRID_ATTRIBUTES"`;
const BOOT_ID = '$(cat /proc/sys/kernel/random/boot_id)';
const ADDRESS = '$(ip -4 address show eth0 | grep inet)';

const before = script(
  'before',
  `echo memory >/run/before; echo disk >/root/before; ${tell('First', BOOT_ID)}; ${tell('Address', ADDRESS)}`,
);
/** Looks at what a machine has that was restarted after `before`, and tells it under names with this ending. */
const look = (ending: string) =>
  script(
    `look-${ending}`,
    [
      tell(`Boot${ending}`, BOOT_ID),
      tell(`Left${ending}`, '$(ls /run/before 2>/dev/null)'),
      tell(`Kept${ending}`, '$(cat /root/before)'),
      tell(`Carrier${ending}`, '$(cat /sys/class/net/eth0/carrier)'),
      tell(`Address${ending}`, ADDRESS),
    ].join('; '),
  );
const RESTARTS = {
  Asked: `${tell('UpgradedAsked', 'yes')}; reboot`,
  AtOnce: `${tell('UpgradedAtOnce', 'yes')}; sync; reboot -f; sleep 600`,
  Left: tell('UpgradedLeft', 'yes'),
};
type Way = keyof typeof RESTARTS;
const restart = (way: Way) => script(`restart-${way}`, `touch /run/before; ${RESTARTS[way]}`, { reboot: true });
/** A DAG that restarts its machine in these ways in turn, and looks at it after each. */
const restarting = (...ways: Way[]) => {
  const actions = [before, ...ways.flatMap((way) => [restart(way), look(way)])];
  const ids = actions.map(({ id }) => id);
  return dag(actions, ...ids.slice(1).map((id, index) => `${ids[index]}>${id}`));
};
const restarted = (way: Way) => ({
  ...{ [`Upgraded${way}`]: 'yes', [`Left${way}`]: '', [`Kept${way}`]: 'disk', [`Carrier${way}`]: '1' },
});

const refusalOf = (request: object): Promise<GridError> =>
  grid.client.create(request as never).then(
    ({ vm }) => expect(vm).toBe('not created') as never,
    (thrown: GridError) => thrown,
  );

describe.each(['qemu', 'uml'] as const)('on the line %s', (line) => {
  const machine = { ...MACHINE, line };

  test(
    'the DAG goes on after an action that asks for a restart and ends, that does it at once, that leaves it to the runner',
    async () => {
      const ways = ['Asked', 'AtOnce', 'Left'] as const;
      const { vm } = await grid.client.create({ machine, dag: restarting(...ways) });
      expect(vm).toMatchObject({ State: 'running', ActionsRun: 7, ...Object.assign({}, ...ways.map(restarted)) });
      for (const way of ways) expect(vm[`Address${way}`]).toBe(vm.Address);
      expect(new Set([vm.First, vm.BootAsked, vm.BootAtOnce, vm.BootLeft]).size).toBe(4);
      expect(await greetingAt(Number(vm.SshPort))).toMatch(/^SSH-/);
      await grid.client.destroy(String(vm.VmId));
    },
    TEST_MS,
  );

  test(
    'an image of it has no more to lose, and what its clones have is what was made cold; a clone restarts as well',
    async () => {
      const dagged = restarting('Left');
      const { image } = await grid.client.buildImage({ machine, dag: dagged });
      expect(image.history.map(({ id, survivesBoot }) => [id, survivesBoot])).toEqual([
        ['before', true],
        ['restart-Left', true],
        ['look-Left', true],
      ]);
      const again = script('again', 'true', { reboot: true });
      const last = script('last', tell('Third', BOOT_ID));
      const { actions, edges } = dagged;
      const more = { actions: [...actions, again, last], edges: [...edges!, { from: 'look-Left', to: 'again' }] };
      const { vm } = await grid.client.create({ machine, dag: more });
      expect(vm).toMatchObject({ ...restarted('Left'), ImageId: image.imageId, ActionsCached: 3, ActionsRun: 2 });
      expect(vm.Third).not.toBe(vm.BootLeft);
      const { vm: later } = await grid.client.configure({
        vmId: String(vm.VmId),
        dag: dag([{ ...again, id: 'once-more' }, script('now', tell('Fourth', BOOT_ID))]),
      });
      expect(later).toMatchObject({ ActionsRun: 4 });
      expect(later.Fourth).not.toBe(vm.Third);
      expect(await greetingAt(Number(later.SshPort))).toMatch(/^SSH-/);
      await grid.client.destroy(String(vm.VmId));
    },
    TEST_MS,
  );

  test(
    'a restart by an action that is not to fails it at once, whichever way it is done',
    async () => {
      for (const text of ['reboot -f; sleep 600', 'reboot; sleep 600', 'reboot']) {
        const actions = [script('upgrade', text), script('next', 'sleep 60')];
        const error = await refusalOf({ machine, dag: dag(actions, 'upgrade>next') });
        expect(error).toMatchObject({ code: 'GUEST_RESTARTED', details: { kind: 'script' } });
        expect(error.message).toMatch(/the guest started anew during the action (upgrade|next), or right after it/);
      }
    },
    TEST_MS,
  );
});

test(
  'a kernel that panics does not do what an action is to do that restarts the machine',
  async () => {
    const panic = script('panic', 'echo c > /proc/sysrq-trigger; sleep 600', { reboot: true });
    const error = await refusalOf({ machine: { ...MACHINE, line: 'qemu' }, dag: dag([panic]) });
    expect(error).toMatchObject({
      code: 'GUEST_RESTARTED',
      message: 'the kernel of the guest panicked during the action panic, or after it',
      details: { actionId: 'panic' },
    });
  },
  TEST_MS,
);
