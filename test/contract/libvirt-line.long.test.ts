/** The libvirt line against a libvirtd of the tests' own: one machine's whole life, and every way in which a start can fail. */
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeLibvirtLine } from '../../packages/vmplant/src/lines/libvirt/make-libvirt-line.ts';
import { type PrivateLibvirtd, startLibvirtd } from '../support/private-libvirtd.ts';
import { processesOf } from '../support/processes.ts';
import { type Bench, type LineUnderTest, OPEN_BENCH_MS, openBench } from './bench.ts';
import { failureContract } from './failure.contract.ts';
import { attributesOf, identityOf, script, WAKE_AND_RUN } from './workshop.ts';

const LIFE_MS = 300_000;

let libvirtd: PrivateLibvirtd;
let bench: Bench;
const subject: LineUnderTest = {
  name: 'libvirt',
  restores: false,
  suspends: true,
  os: 'debian-12',
  ssh: 'server',
  make: ({ stateDirectory }, deps) => makeLibvirtLine(deps, { stateDirectory, libvirt: { uri: libvirtd.uri } }),
};

describe('the line libvirt', () => {
  beforeAll(async () => {
    libvirtd = await startLibvirtd();
    bench = await openBench(subject);
  }, OPEN_BENCH_MS);
  afterAll(async () => {
    await bench?.workshop.close();
    await libvirtd?.close();
  }, 60_000);

  test(
    'a clone gets its identity and network, sleeps and wakes, is found by another plant, and leaves nothing when it is ended',
    async () => {
      const { workshop } = bench;
      const { line, signal } = workshop;
      expect(await line.probe(signal)).toMatchObject({ line: 'libvirt', available: true, restores: false });

      const order = await bench.order('life');
      const machine = await workshop.start(order);
      expect(await workshop.run(machine, 'cat /sys/class/net/eth0/operstate')).toEqual(['down']);
      const plan = { identity: identityOf('life'), steps: [script(0, 'echo "Done = 1" > "$VMGRID_ATTRIBUTES"')] };
      const events = await workshop.configure(machine, plan, WAKE_AND_RUN);
      expect([attributesOf(events, 0), events.at(-1)]).toEqual(['Done = 1\n', { event: 'finished' }]);
      expect(await workshop.run(machine, 'hostname; echo kept > /run/kept')).toEqual(['life']);

      await machine.suspend(signal);
      expect(await machine.exited).toMatchObject({ cause: 'requested' });
      expect(await processesOf(order.directory)).toEqual([]);
      expect(await line.adopt(machine.state, signal)).toEqual({ kind: 'suspended' });

      const resumed = await line.start({ ...order, start: 'resume' }, signal);
      expect(await workshop.run(resumed, 'cat /run/kept /sys/class/net/eth0/operstate')).toEqual(['kept', 'down']);
      const { sshPort } = await resumed.openNetwork(signal);
      expect(await resumed.openNetwork(signal)).toEqual({ sshPort });
      expect(await workshop.run(resumed, 'cat /sys/class/net/eth0/operstate')).toEqual(['up']);

      resumed.release();
      const another = subject.make({ stateDirectory: workshop.folder }, {});
      const adopted = await workshop.adopt(resumed, another);
      expect(await workshop.run(adopted, 'cat /run/kept')).toEqual(['kept']);

      const lost = expect(workshop.run(adopted, 'sleep 600')).rejects.toMatchObject({ code: 'GUEST_LOST' });
      await another.kill(order.directory);
      await another.kill(order.directory);
      await lost;
      expect(await adopted.exited).toMatchObject({ cause: 'crashed' });
      expect(await another.adopt(machine.state, signal)).toEqual({ kind: 'gone' });
      expect(await processesOf(order.directory)).toEqual([]);
      const left = await readdir(order.directory, { withFileTypes: true });
      expect(left.filter((entry) => entry.isSocket())).toEqual([]);
      expect(await libvirtd.domains()).toEqual([]);
    },
    LIFE_MS,
  );

  failureContract(subject, () => bench);
});
