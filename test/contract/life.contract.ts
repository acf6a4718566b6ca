/** A machine's life beside its plant's: let go of, found again, ended. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { writeConfigDisc } from '../../packages/lines/src/guest/disc/config-disc.ts';
import type { Bench, Started } from './bench.ts';
import { greetingAt } from './greeting.ts';
import { leftOf, NOTHING } from './left.ts';
import { startPlantProcess } from './plant-process.ts';
import { attributesOf, identityOf, script, WAKE_AND_RUN } from './workshop.ts';

/** Longer than a released machine would take to do what it must not: clear away after one that still runs. */
const RELEASED_MS = 6_000;
const BOOT_MS = 120_000;

export function lifeContract(bench: () => Bench): void {
  let released: Promise<Released> | undefined;
  /** Early, so that the time it is left alone for is that of other tests. */
  const release = (): Promise<Released> => {
    released ??= letGo(bench());
    return released;
  };

  test(
    'a disc that is inserted is what the guest reads; taken out, there is none',
    async () => {
      await release();
      const { workshop, crew } = bench();
      const { machine } = await crew('resident');
      const guest = await machine.guest(workshop.signal);
      const disc = join(workshop.folder, 'inserted.iso');
      await writeConfigDisc(disc, { steps: [] });
      const label = `dd if=${guest.discDevice} bs=1 skip=32808 count=6 2> /dev/null; echo`;
      await machine.insertDisc(disc, workshop.signal);
      // A drive refuses once or twice after its disc has changed.
      expect(await workshop.run(machine, `for try in 1 2 3 4; do ${label}; done | tail -n 1`)).toEqual(['VMGRID']);
      await machine.insertDisc(undefined, workshop.signal);
      expect(await workshop.run(machine, label)).toEqual(['']);
    },
    BOOT_MS,
  );

  test(
    'a machine survives the kill -9 of its plant; what was under way in it is ended when it is adopted: its run and its disc',
    async () => {
      const { workshop, order, subject } = bench();
      const ordered = await order('left');
      const disc = join(workshop.folder, 'left.iso');
      await writeConfigDisc(disc, { steps: [] });
      const plant = startPlantProcess(subject, { order: ordered, disc, script: 'printf "begun\\nhalf"; sleep 600' });
      const { state, discDevice } = await plant.begun();
      await plant.kill();
      const adopted = await workshop.adopt({ state });
      await rm(disc);
      const ask = `ps ax | grep -c "[s]leep 600"; dd if=${discDevice} of=/dev/null count=1 2> /dev/null || echo empty`;
      expect(await workshop.run(adopted, ask)).toEqual(['0', 'empty']);
      expect(await workshop.run(adopted, 'echo and on')).toEqual(['and on']);
      await adopted.insertDisc(undefined, workshop.signal);
      await adopted.insertDisc(undefined, workshop.signal);
      await adopted.stop(0, workshop.signal);
    },
    BOOT_MS,
  );

  test(
    'a machine that nobody noted is ended by its folder, and only that one',
    async () => {
      const { workshop, crew, subject } = bench();
      const { order, machine } = await crew('unnoted');
      const { machine: neighbour } = await crew('neighbour');
      machine.detach();
      await workshop.line.kill(order.directory);
      await workshop.line.kill(order.directory);
      expect(await leftOf(subject, order)).toEqual(NOTHING);
      expect(await workshop.run(neighbour, 'echo alive')).toEqual(['alive']);
    },
    BOOT_MS,
  );

  test(
    'a machine that dies while a command runs in it ends the command with GUEST_LOST',
    async () => {
      const { workshop, crew } = bench();
      const { order, machine } = await crew('victim');
      const failure = expect(workshop.run(machine, 'sleep 600')).rejects.toMatchObject({ code: 'GUEST_LOST' });
      await sleep(500);
      await workshop.line.kill(order.directory);
      await failure;
      expect(await machine.exited).toMatchObject({ cause: 'crashed' });
    },
    BOOT_MS,
  );

  test(
    'a guest that starts anew ends what runs in it with GUEST_RESTARTED, and its machine goes on, with disc and network',
    async () => {
      const { workshop, crew } = bench();
      const { machine } = await crew('stopped');
      const plan = { identity: identityOf('again'), steps: [script(0, 'echo "A = 1" > "$VMGRID_ATTRIBUTES"')] };
      await workshop.configure(machine, plan, WAKE_AND_RUN);
      const disc = join(workshop.folder, 'restarted.iso');
      await writeConfigDisc(disc, { steps: [] });
      await machine.insertDisc(disc, workshop.signal);
      const failure = { code: 'GUEST_RESTARTED' };
      await expect(workshop.run(machine, 'reboot -f; sleep 600')).rejects.toMatchObject(failure);
      const guest = await machine.guest(workshop.signal);
      expect(await guest.restarted(workshop.signal)).toBe('asked');
      expect(attributesOf(await workshop.configure(machine, plan, WAKE_AND_RUN), 0)).toBe('A = 1\n');
      expect(await greetingAt(workshop.access.get(machine)!.sshPort)).toMatch(/^SSH-/);
    },
    BOOT_MS,
  );

  test(
    'a machine ends when its guest is asked to power off',
    async () => {
      const { workshop, crew } = bench();
      const { machine } = await crew('writer');
      await machine.stop(40_000, workshop.signal);
      expect(await machine.exited).toMatchObject({ cause: 'requested' });
    },
    BOOT_MS,
  );

  test(
    'a machine that is stopped leaves no process, no socket and no pipe',
    async () => {
      const { workshop, crew, subject } = bench();
      const { order, machine } = await crew('stopped');
      await machine.stop(0, workshop.signal);
      expect(await machine.exited).toMatchObject({ cause: 'requested' });
      expect(await leftOf(subject, order)).toEqual(NOTHING);
    },
    BOOT_MS,
  );

  test(
    'a plant that was restarted finds its machine again, and one that ended not',
    async () => {
      const { workshop, subject } = bench();
      const { order, machine, at } = await release();
      await sleep(Math.max(0, at + RELEASED_MS - performance.now()));
      const restarted = subject.make(workshop.home, {});
      const adopted = await workshop.adopt(machine, restarted);
      expect(adopted.state).toEqual(machine.state);
      expect(await workshop.run(adopted, 'cat /run/kept')).toEqual(['kept']);
      await restarted.kill(order.directory);
      expect(await adopted.exited).toMatchObject({ cause: 'crashed' });
      expect(await restarted.adopt(machine.state, workshop.signal)).toEqual({ kind: 'gone' });
    },
    BOOT_MS,
  );
}

interface Released extends Started {
  /** When, by `performance.now`. */
  readonly at: number;
}

async function letGo({ workshop, crew }: Bench): Promise<Released> {
  const { order, machine } = await crew('orphan');
  await workshop.run(machine, 'echo kept > /run/kept');
  machine.detach();
  return { order, machine, at: performance.now() };
}
