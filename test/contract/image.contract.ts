/** Images: what a build leaves, suspended where the line can and else a disk, and what becomes of it. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Warehouse } from '../../packages/warehouse/src/warehouse.ts';
import type { Bench } from './bench.ts';
import { leftOf, NOTHING } from './left.ts';
import { identityOf, script, WAKE_AND_RUN } from './workshop.ts';

const BOOT_MS = 120_000;
/** In the midst of it on a real line, unless the host is very fast. */
const FREEZE_MS = 20;

export function imageContract(bench: () => Bench): void {
  test(
    'a clone wakes with what the image was frozen with',
    async () => {
      const { workshop, crew } = bench();
      const { machine } = await crew('resident');
      expect(await workshop.run(machine, 'cat /root/mark')).toEqual(['from the image']);
    },
    BOOT_MS,
  );

  test(
    'a build from an image makes a new image; its clones have both histories, also after the warehouse was moved',
    async () => {
      const { workshop, clone, start } = bench();
      const { order, machine } = await start('build', { purpose: 'build' });
      const plan = { identity: identityOf('build'), steps: [script(0, 'echo and again >> /root/mark')] };
      await workshop.configure(machine, plan, WAKE_AND_RUN);
      const { manifest } = await workshop.freeze(machine, order, 'second');
      const { directory } = workshop.warehouse;
      const moved = join(workshop.folder, 'moved');
      await rename(directory, moved);
      try {
        const heir = await clone('heir', {}, await (await Warehouse.open(moved)).inventory.image(manifest.id));
        const ask = [
          'cat /root/mark /etc/hostname; tr -d "f\\n" < /etc/machine-id', // all of it f: nobody's
          'cat /etc/ssh/ssh_host_* 2> /dev/null | grep -c KEY',
        ];
        expect(await workshop.run(heir, ask.join('; '))).toEqual(['from the image', 'and again', 'vmgrid', '0']);
        await heir.stop(0, workshop.signal);
      } finally {
        await rename(moved, directory);
      }
    },
    BOOT_MS,
  );

  test(
    'a clone cannot be frozen: it shares what its image has',
    async () => {
      const { workshop, crew } = bench();
      const { machine } = await crew('resident');
      await expect(machine.freeze(workshop.signal)).rejects.toMatchObject({ code: 'LINE_CANNOT_SUSPEND' });
      expect(await workshop.run(machine, 'echo runs on')).toEqual(['runs on']);
    },
    BOOT_MS,
  );

  test(
    'a build whose freezing is cut off can be ended, and leaves no process, no socket and no pipe',
    async () => {
      const { workshop, start, subject } = bench();
      const { order, machine } = await start('cut-off', { purpose: 'build' });
      await machine.freeze(AbortSignal.timeout(FREEZE_MS)).catch(() => undefined); // or it was quicker
      await machine.stop(0, workshop.signal);
      expect(await leftOf(subject, order)).toEqual(NOTHING);
      await workshop.discard(order);
    },
    BOOT_MS,
  );
}
