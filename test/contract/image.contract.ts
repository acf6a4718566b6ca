/** Images: what a build leaves, suspended where the line can and else a disk, and what becomes of it. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Warehouse } from '../../packages/vmplant/src/warehouse/store.ts';
import type { Bench, LineUnderTest } from './bench.ts';
import { identityOf, script, WAKE_AND_RUN } from './workshop.ts';

const BOOT_MS = 120_000;

export function imageContract({ restores }: LineUnderTest, bench: () => Bench): void {
  test(
    'a clone wakes with what the image was frozen with',
    async () => {
      const { workshop, shared } = bench();
      const { machine } = await shared('resident');
      expect(await workshop.run(machine, 'cat /root/mark')).toEqual(['from the image']);
    },
    BOOT_MS,
  );

  test(
    'a build from an image makes a new image; its clones have both histories',
    async () => {
      const { workshop, clone, order } = bench();
      const building = await order('build', { purpose: 'build' });
      const machine = await workshop.start(building);
      const plan = { identity: identityOf('build'), steps: [script(0, 'echo and again >> /root/mark')] };
      await workshop.configure(machine, plan, WAKE_AND_RUN);
      const heir = await clone('heir', {}, await workshop.freeze(machine, building, 'second'));
      const ask = 'cat /root/mark; hostname; cat /etc/machine-id; ls /etc/ssh | grep -c host_';
      // A kernel that sleeps keeps the name it was given; a disk has none.
      const hostName = restores ? 'build' : 'vmgrid';
      expect(await workshop.run(heir, ask)).toEqual(['from the image', 'and again', hostName, '0']);
      await heir.stop(0, workshop.signal);
    },
    BOOT_MS,
  );

  test(
    'a clone cannot be frozen: it shares what its image has',
    async () => {
      const { workshop, shared } = bench();
      const { machine } = await shared('resident');
      await expect(machine.freeze(workshop.signal)).rejects.toMatchObject({ code: 'LINE_CANNOT_SUSPEND' });
      expect(await workshop.run(machine, 'echo runs on')).toEqual(['runs on']);
    },
    BOOT_MS,
  );

  test(
    'an image refers to the one below by a name beside its own: a warehouse that was moved still makes machines',
    async () => {
      const { workshop, clone, image } = bench();
      const { directory } = workshop.warehouse;
      const moved = join(workshop.folder, 'moved');
      await rename(directory, moved);
      try {
        const machine = await clone('mover', {}, await (await Warehouse.open(moved)).image(image.manifest.id));
        expect(await workshop.run(machine, 'cat /root/mark; ls / | wc -l')).toEqual([
          'from the image',
          expect.stringMatching(/^[1-9]\d*$/),
        ]);
        await machine.stop(0, workshop.signal);
      } finally {
        await rename(moved, directory);
      }
    },
    BOOT_MS,
  );
}
