/** What a machine may take: what its request names, and of the host no more than that and a little. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { eventually } from '../support/processes.ts';
import type { Bench, LineUnderTest } from './bench.ts';
import { MEMORY_MIB } from './workshop.ts';

const BOOT_MS = 120_000;
const MIB = 1_048_576;
/** What lies in a machine's folder beside its disk: logs, the list of the disk's blocks. */
const BESIDE_MIB = 16;
/** What is kept of a console. */
const CONSOLE_BYTES = MIB;
const FLOOD_BYTES = 65_536;

export function limitsContract({ guest, mostCpus = 2 }: LineUnderTest, bench: () => Bench): void {
  const hardware = "awk '/MemTotal/ { print $2 }' /proc/meminfo; nproc";

  test(
    'an image boots with other memory and processors, and ends when its guest is asked to power off',
    async () => {
      const { workshop } = bench();
      const cpus = Math.min(2, mostCpus);
      const machine = { ...bench().image.manifest.machine, memoryMiB: 384, cpus };
      const booted = await bench().clone('booted', { start: 'boot', machine });
      const [kib, found] = await workshop.run(booted, hardware);
      expect(Number(kib)).toBeGreaterThan(300 * 1_024);
      expect(Number(kib)).toBeLessThanOrEqual(384 * 1_024);
      expect(found).toBe(String(cpus));
      await booted.stop(40_000, workshop.signal);
      expect(await booted.exited).toMatchObject({ cause: 'requested' });
    },
    BOOT_MS,
  );

  test(
    'a clone finds the memory and the processor that its request names, and no more',
    async () => {
      const { workshop, shared } = bench();
      const { machine } = await shared('resident');
      const [kib, found] = await workshop.run(machine, hardware);
      expect(Number(kib)).toBeGreaterThan((MEMORY_MIB - 84) * 1_024);
      expect(Number(kib)).toBeLessThanOrEqual(MEMORY_MIB * 1_024);
      expect(found).toBe('1');
    },
    BOOT_MS,
  );

  test(
    'what a guest prints on its console is kept beside it',
    async () => {
      const { workshop, shared } = bench();
      const { order, machine } = await shared('neighbour');
      await workshop.run(machine, 'echo "said on the console" > /dev/console');
      const recorded = () => readFile(join(order.directory, 'console.log'), 'utf8');
      await eventually('it is recorded', async () => (await recorded()).includes('said on the console'));
    },
    BOOT_MS,
  );

  if (guest === 'paper') return;

  test(
    'a guest that prints without end does not stand still, one that fills its disk is told so, and neither fills the host',
    async () => {
      const { workshop, order } = bench();
      const ordered = await order('filler');
      const log = join(ordered.directory, 'console.log');
      // A serial line is slow: most of what it may print is there already.
      await writeFile(log, Buffer.alloc(CONSOLE_BYTES - FLOOD_BYTES / 2));
      const machine = await workshop.start(ordered);
      const flood = `dd if=/dev/zero bs=${FLOOD_BYTES} count=1 2> /dev/null | tr '\\0' x > /dev/console`;
      expect(await workshop.run(machine, `${flood}; echo done`)).toEqual(['done']);
      const size = async () => (await stat(log)).size;
      await eventually('its log is full', async () => (await size()) >= CONSOLE_BYTES);
      expect(await size()).toBe(CONSOLE_BYTES);
      const fill = 'dd if=/dev/zero of=/root/fill bs=1M 2>&1 | grep -o "No space left on device"; sync';
      expect(await workshop.run(machine, fill)).toEqual(['No space left on device']);
      const takenMiB = (await bytesBelow(ordered.directory)) / MIB;
      expect(takenMiB).toBeLessThan(ordered.machine.diskMiB + BESIDE_MIB);
      expect(takenMiB).toBeGreaterThan(ordered.machine.diskMiB / 4);
      await machine.stop(0, workshop.signal);
    },
    BOOT_MS,
  );
}

/** What the files of a folder take on the host's disk. */
async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const blocks = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).blocks),
  );
  return blocks.reduce((sum, one) => sum + one * 512, 0);
}
