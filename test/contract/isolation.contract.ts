/** The rights of a machine's processes on the host. */
import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { processesOf } from '@vmgrid/test-support/hosts/processes.ts';
import { testUnless, WHY_NO_HOST_USERS } from '@vmgrid/test-support/jest/test-unless.ts';
import { HOST_ID_RANGE } from '../../packages/lines/src/process/host-user.ts';
import type { Bench, LineUnderTest } from './bench.ts';

const BOOT_MS = 120_000;
const FOR_OTHERS = 0o007;
/** To go through the folder to the one that is theirs, by a name they know. */
const SEARCH_ONLY = 0o001;

export function isolationContract({ guest, sandboxed }: LineUnderTest, bench: () => Bench): void {
  if (guest === 'paper') return;

  test(
    'the processes of a machine are without privileges, and hold neither pty nor tap',
    async () => {
      const { workshop, crew } = bench();
      for (const id of ['resident', 'neighbour'] as const) {
        const { order, machine } = await crew(id);
        await workshop.openNetwork(machine);
        const looks = await lookAtThoseOf(order.directory);
        expect(looks.length).toBeGreaterThan(0);
        for (const { capabilities, devices, core } of looks)
          expect({ capabilities, devices, core }).toEqual(UNPRIVILEGED);
        if (sandboxed) expect(looks.map(({ seccomp }) => seccomp)).toEqual(looks.map(() => FILTERED));
        const { mode } = await stat(order.directory);
        expect(mode & FOR_OTHERS & ~SEARCH_ONLY).toBe(0);
      }
    },
    BOOT_MS,
  );

  testUnless(WHY_NO_HOST_USERS)(
    'the processes of a machine are of a user of its own',
    async () => {
      const owners: string[] = [];
      for (const id of ['resident', 'neighbour'] as const) {
        const { order } = await bench().crew(id);
        owners.push(...new Set((await lookAtThoseOf(order.directory)).map(({ uid }) => uid)));
      }
      expect(owners).toHaveLength(2);
      expect(owners[0]).not.toBe(owners[1]);
      for (const uid of owners) {
        expect(Number(uid)).toBeGreaterThan(HOST_ID_RANGE.first);
        expect(Number(uid)).toBeLessThan(HOST_ID_RANGE.first + HOST_ID_RANGE.count);
      }
    },
    BOOT_MS,
  );
}

/** A core file would have the guest's memory in it. */
const UNPRIVILEGED = { capabilities: '0000000000000000', devices: [], core: '0' };
/** Seccomp's mode in proc(5): a filter decides on system calls. */
const FILTERED = '2';

/** The processes of a machine. Under UML a process of the guest's has one of the host, and may have ended by now. */
async function lookAtThoseOf(directory: string) {
  const processes = await processesOf(directory);
  return (await Promise.all(processes.map(({ pid }) => lookAt(pid).catch(() => [])))).flat();
}

/** From proc(5). */
async function lookAt(pid: number) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): string => new RegExp(`^${name}:\\t(\\S+)`, 'm').exec(status)?.[1] ?? '';
  const limits = await readFile(`/proc/${pid}/limits`, 'utf8');
  const folder = `/proc/${pid}/fd`;
  const open = await Promise.all((await readdir(folder)).map((fd) => readlink(join(folder, fd)).catch(() => '')));
  return {
    uid: field('Uid'),
    capabilities: field('CapEff'),
    seccomp: field('Seccomp'),
    core: /^Max core file size\s+(\S+)/m.exec(limits)?.[1],
    devices: open.filter((path) => /^\/dev\/(pts\/|ptmx|tty|net\/tun)/.test(path)),
  };
}
