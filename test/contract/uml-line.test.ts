import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { processesBelow } from '@vmgrid/test-support/hosts/processes.ts';
import { QemuLine } from '../../packages/lines/src/qemu/qemu-line.ts';
import { UmlLine } from '../../packages/lines/src/uml/uml-line.ts';
import { inTimeToOpen, OPEN_BENCH_MS } from './bench.ts';
import { productionLineContract } from './production-line.contract.ts';
import { identityOf, Workshop } from './workshop.ts';

productionLineContract({
  name: 'uml',
  restores: false,
  suspends: false,
  mostCpus: 1,
  os: 'tiny-1',
  guest: 'linux',
  sandboxed: false,
  make: (options, deps) => new UmlLine(deps, options),
});

let workshop: Workshop;
beforeAll(async () => {
  const line = { os: 'tiny-1', make: (options: { readonly stateDirectory: string }) => new UmlLine({}, options) };
  workshop = await inTimeToOpen((signal) => Workshop.open(line, signal));
}, OPEN_BENCH_MS);
afterAll(() => workshop?.close(), 60_000);

describe('a guest of UML', () => {
  test('reaches nothing when it is isolated, and its last words are kept when its kernel panics', async () => {
    const server = createServer((socket) => socket.end('reached\n')).listen(0);
    try {
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const order = await workshop.order('isolated', workshop.base, { start: 'boot' });
      const machine = await workshop.start(order);
      await workshop.configure(machine, { identity: identityOf('isolated'), steps: [] }, [{ task: 'identity' }]);
      const tries = ['10.0.2.2', hostAddress()].map(
        (host) => `nc -w 2 ${host} ${port} < /dev/null 2> /dev/null || echo refused`,
      );
      expect(await workshop.run(machine, tries.join('\n'))).toEqual(['refused', 'refused']);

      const last = workshop.run(
        machine,
        'echo the last > /dev/console; sleep 1; echo c > /proc/sysrq-trigger; sleep 60',
      );
      await expect(last).rejects.toMatchObject({ code: 'GUEST_LOST' });
      expect(await machine.exited).toEqual({ cause: 'crashed', detail: expect.stringContaining('Kernel panic') });
      expect(await readFile(join(order.directory, 'console.log'), 'utf8')).toMatch(/the last\r?\n[\s\S]*Kernel panic/);
      expect(await processesBelow(order.directory)).toEqual([]);
    } finally {
      server.close();
    }
  }, 120_000);
});

test('another line starts machines over the disk that a UML stands on', async () => {
  const machine = await workshop.start(await workshop.order('first', workshop.base, { start: 'boot' }));
  const qemu = new QemuLine({}, { stateDirectory: workshop.folder });
  const order = await workshop.order('second', workshop.base, { start: 'boot' });
  await qemu.createOverlay(order, workshop.signal);
  const other = await qemu.start(order, workshop.signal);
  await Promise.all([other, machine].map((one) => one.stop(0, workshop.signal)));
}, 120_000);

describe('a UML that ends as it starts', () => {
  /** In place of UML: aborts the given number of times in each machine's folder, then is UML. */
  async function abortingUml(folder: string, times: number): Promise<string> {
    const program = join(folder, `uml-that-aborts-${times}-times`);
    const text = `#!/bin/sh
case $PWD in */run) ;; *) exec linux.uml "$@" ;; esac
echo x >> tried
[ "$(wc -l < tried)" -gt ${times} ] && exec linux.uml "$@"
echo "this one aborts"
kill -ABRT $$
`;
    await writeFile(program, text, { mode: 0o755 });
    return program;
  }

  async function start(times: number) {
    const binary = await abortingUml(workshop.folder, times);
    const line = new UmlLine({}, { stateDirectory: workshop.folder, binary });
    const order = await workshop.order(`aborts-${times}`, workshop.base, { start: 'boot' });
    await line.createOverlay(order, workshop.signal);
    return { order, started: line.start(order, workshop.signal) };
  }

  test('is started once more, which its log tells', async () => {
    const { order, started } = await start(1);
    const machine = await started;
    expect(await workshop.run(machine, 'echo alive')).toEqual(['alive']);
    const log = await readFile(join(order.directory, 'uml.log'), 'utf8');
    expect(log).toMatch(/this one aborts\n[\s\S]*it was started once more\n/);
    await machine.stop(0, workshop.signal);
  }, 60_000);

  test('and ends again fails the start in its own words, and leaves nothing but its disk', async () => {
    const { order, started } = await start(2);
    await expect(started).rejects.toMatchObject({
      code: 'VMM_FAILED',
      output: expect.stringContaining('this one aborts'),
    });
    expect(await readdir(order.directory, { recursive: true })).toEqual(['run', 'run/disk.cow', 'run/tried']);
    expect(await processesBelow(order.directory)).toEqual([]);
  }, 60_000);
});

/** An address of this host beside its loopback, if it has one. */
const hostAddress = (): string =>
  Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address ?? '10.0.2.2';
