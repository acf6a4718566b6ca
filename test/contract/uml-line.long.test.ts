import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { UmlLine } from '../../packages/vmplant/src/lines/uml/uml-line.ts';
import { processesBelow } from '../support/processes.ts';
import { OPEN_BENCH_MS } from './bench.ts';
import { productionLineContract } from './production-line.contract.ts';
import { identityOf, Workshop } from './workshop.ts';

productionLineContract({
  name: 'uml',
  restores: false,
  suspends: false,
  mostCpus: 1,
  os: 'tiny-1',
  ssh: 'server',
  make: (options, deps) => new UmlLine(deps, options),
});

describe('a guest of UML', () => {
  let workshop: Workshop;
  beforeAll(async () => {
    workshop = await Workshop.open(
      { os: 'tiny-1', make: (options) => new UmlLine({}, options) },
      AbortSignal.timeout(OPEN_BENCH_MS),
    );
  }, OPEN_BENCH_MS);
  afterAll(() => workshop?.close(), 60_000);

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

/** An address of this host beside its loopback, if it has one. */
const hostAddress = (): string =>
  Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address ?? '10.0.2.2';
