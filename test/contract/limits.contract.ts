/** A machine gets what its request names, and of the host little more than that. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { eventually } from '@vmgrid/test-support/hosts/processes.ts';
import { MAX_CONSOLE_BYTES } from '../../packages/lines/src/process/console-log.ts';
import type { StartOrder } from '../../packages/lines/src/production-line.ts';
import { type Bench, LARGE, type LineUnderTest } from './bench.ts';
import { MEMORY_MIB } from './workshop.ts';

const BOOT_MS = 120_000;
const MIB = 1_048_576;
/** Files in a machine's folder besides its disk: logs, the list of the disk's blocks. */
const BESIDE_MIB = 16;

export function limitsContract({ guest }: LineUnderTest, bench: () => Bench): void {
  const hardware = "awk '/MemTotal/ { print $2 }' /proc/meminfo; nproc";

  test(
    'an image boots with other memory and processors',
    async () => {
      const { order, machine } = await bench().large();
      const [kib, found] = await bench().workshop.run(machine, hardware);
      expect(Number(kib)).toBeGreaterThan((LARGE.memoryMiB - 84) * 1_024);
      expect(Number(kib)).toBeLessThanOrEqual(LARGE.memoryMiB * 1_024);
      expect(found).toBe(String(order.machine.cpus));
    },
    BOOT_MS,
  );

  test(
    'a clone finds the memory and the processor that its request names, and no more',
    async () => {
      const { workshop, crew } = bench();
      const { machine } = await crew('resident');
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
      const { workshop, crew } = bench();
      const { order, machine } = await crew('neighbour');
      await workshop.run(machine, 'echo "said on the console" > /dev/console');
      const recorded = () => readFile(consoleLogOf(order), 'utf8');
      await eventually('it is recorded', async () => (await recorded()).includes('said on the console'));
    },
    BOOT_MS,
  );

  if (guest === 'paper') return;

  test(
    'a guest that prints without end does not stand still, one that fills its disk is told so, and neither fills the host',
    async () => {
      const { workshop, large } = bench();
      const { order, machine } = await large();
      const flood = `dd if=/dev/zero bs=${LARGE.floodBytes} count=1 2> /dev/null | tr '\\0' x > /dev/console`;
      expect(await workshop.run(machine, `${flood}; echo done`)).toEqual(['done']);
      const size = async () => (await stat(consoleLogOf(order))).size;
      await eventually('its log is full', async () => (await size()) >= MAX_CONSOLE_BYTES);
      expect(await size()).toBe(MAX_CONSOLE_BYTES);
      const fill = 'dd if=/dev/zero of=/root/fill bs=1M 2>&1 | grep -o "No space left on device"; sync';
      expect(await workshop.run(machine, fill)).toEqual(['No space left on device']);
      const takenMiB = (await bytesBelow(order.directory)) / MIB;
      expect(takenMiB).toBeLessThan(order.machine.diskMiB + BESIDE_MIB);
      expect(takenMiB).toBeGreaterThan(order.machine.diskMiB / 4);
    },
    BOOT_MS,
  );
}

const consoleLogOf = ({ directory }: StartOrder): string => join(directory, 'console.log');

/** Returns the disk space of a folder's files. */
async function bytesBelow(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const blocks = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).blocks),
  );
  return blocks.reduce((sum, one) => sum + one * 512, 0);
}
