/** Clones: each a machine of its own over one frozen image. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { expect, test } from '@jest/globals';
import type { RunnerEvent } from '../../packages/lines/src/guest/report.ts';
import type { Machine } from '../../packages/lines/src/production-line.ts';
import { type Bench, CREW, LARGE, type LineUnderTest } from './bench.ts';
import { greetingAt } from './greeting.ts';
import { attributesOf, identityOf, MEMORY_MIB, script, WAKE_AND_RUN } from './workshop.ts';

const TWINS = ['resident', 'neighbour'] as const;
const BOOT_MS = 120_000;
/** Ten boots at once on two processors that others use too. */
const MANY_MS = 400_000;

/** SHA-256 of each file of a folder. */
async function digestsOf(folder: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const name of (await readdir(folder)).sort()) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(folder, name)), hash);
    digests[name] = hash.digest('hex');
  }
  return digests;
}

export function cloneContract({ restores, guest }: LineUnderTest, bench: () => Bench): void {
  test('it works here, and says what an image made here needs', async () => {
    const { workshop, subject } = bench();
    const report = await workshop.line.probe(workshop.signal);
    expect(report).toMatchObject({ line: subject.name, available: true, restores });
    for (const value of Object.values(report.compatibility)) expect(value).not.toBe('');
  });

  test(
    'clones of one image have an identity, a clock and random numbers each of its own',
    async () => {
      const { workshop, crew } = bench();
      const machines = (await Promise.all(TWINS.map(crew))).map(({ machine }) => machine);
      const reports: RunnerEvent[][] = [];
      const facts: string[][] = [];
      const clocks: { readonly after: number; readonly told: number; readonly before: number }[] = [];
      for (const [index, machine] of machines.entries()) {
        const steps = [script(0, 'echo "Word = \\"$(cat /etc/hostname)\\"" > "$VMGRID_ATTRIBUTES"')];
        // The clock was set to a moment of this configuration, in whole seconds; how long that takes is the host's
        // matter.
        const after = Math.floor(Date.now() / 1_000);
        reports.push(await workshop.configure(machine, { identity: identityOf(TWINS[index]!), steps }, WAKE_AND_RUN));
        const ask =
          'cat /etc/machine-id /sys/class/net/eth0/address; hostname; od -An -tx1 -N16 /dev/urandom; date +%s';
        const told = await workshop.run(machine, ask);
        facts.push(told);
        clocks.push({ after, told: Number(told[4]), before: Date.now() / 1_000 });
      }
      const [one, two] = facts as [string[], string[]];
      for (const field of [0, 1, 2, 3]) expect(one[field]).not.toBe(two[field]);
      expect([one[2], two[2]]).toEqual(TWINS);
      for (const { after, told, before } of clocks) {
        expect(told).toBeGreaterThanOrEqual(after - 1);
        expect(told).toBeLessThanOrEqual(before + 1);
      }
      expect(reports.map((events) => events.at(-1))).toEqual([{ event: 'finished' }, { event: 'finished' }]);
      expect(reports.map((events) => attributesOf(events, 0))).toEqual(TWINS.map((name) => `Word = "${name}"\n`));
      expect(attributesOf(reports[0]!)).not.toBe(attributesOf(reports[1]!));
      if (guest === 'linux') expect(scanKey(machines[0]!)).toContain(attributesOf(reports[0]!)!.split('"')[1]!);
      expect(await greetingAt(workshop.access.get(machines[1]!)!.sshPort)).toMatch(/^SSH-2\.0-/);
    },
    MANY_MS,
  );

  test(
    'what one writes neither another nor the image sees, and until its network is opened it has none',
    async () => {
      const { workshop, image } = bench();
      const before = await digestsOf(image.directory);
      const { machine: writer } = await bench().crew('writer');
      const { machine: reader } = await bench().crew('resident');
      // A simulated guest has the card alone, and no program of the network.
      const card = 'test "$(cat /sys/class/net/eth0/operstate)" = up';
      const reaches = guest === 'linux' ? 'ping -c 1 -w 2 10.0.2.2 > /dev/null 2>&1' : card;
      const reach = `${reaches} && echo reached || echo alone`;
      expect(await workshop.run(writer, `${reach}; echo changed > /root/changed; sync`)).toEqual(['alone']);
      expect(await workshop.run(reader, 'ls /root/changed 2> /dev/null || echo nothing')).toEqual(['nothing']);
      expect(await digestsOf(image.directory)).toEqual(before);
    },
    BOOT_MS,
  );

  test(
    `${CREW.length} clones started at once all come to be, each reached at a port of its own`,
    async () => {
      const { workshop, crew } = bench();
      const machines = (await Promise.all(CREW.map(crew))).map(({ machine }) => machine);
      const heard = await Promise.all(machines.map((machine, index) => workshop.run(machine, `echo ${CREW[index]}`)));
      expect(heard).toEqual(CREW.map((name) => [name]));
      const networks = await Promise.all(machines.map((machine) => workshop.openNetwork(machine)));
      expect(new Set(networks.map(({ sshPort }) => sshPort)).size).toBe(CREW.length);
    },
    MANY_MS,
  );

  test(
    'a clone has the larger disk that it was asked for',
    async () => {
      const { workshop, image, large, start } = bench();
      const diskMiB = image.manifest.machine.diskMiB + LARGE.moreDiskMiB;
      const spec = { ...image.manifest.machine, memoryMiB: MEMORY_MIB, cpus: 1, diskMiB };
      // A line that restores grows a disk under a guest that runs already.
      const { machine: grown } = restores ? await start('grown', { machine: spec }) : await large();
      const plan = { identity: identityOf('grown', { growDisk: true }), steps: [script(0, 'true')] };
      const events = await workshop.configure(grown, plan, WAKE_AND_RUN);
      expect(events.at(-1)).toEqual({ event: 'finished' });
      const [kib] = await workshop.run(grown, "df -k / | awk 'NR == 2 { print $2 }'");
      expect(Number(kib)).toBeGreaterThan((diskMiB - LARGE.moreDiskMiB / 2) * 1_024 * 0.95);
    },
    BOOT_MS,
  );

  function scanKey(machine: Machine): string {
    const port = String(bench().workshop.access.get(machine)?.sshPort);
    const args = ['-t', 'ed25519', '-T', '20', '-p', port, '127.0.0.1'];
    return execFileSync('ssh-keyscan', args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
  }
}
