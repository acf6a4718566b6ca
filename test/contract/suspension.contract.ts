/** Clones that sleep: each goes on where it stood, whatever became of the plant meanwhile. */
import { readdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { systemClock } from '@vmgrid/daemon';
import { processesOf } from '@vmgrid/test-support/hosts/processes.ts';
import type { Machine, StartOrder, StepObserver } from '../../packages/lines/src/production-line.ts';
import { resumeMachine } from '../../packages/vmplant/src/lifecycle/resume-machine.ts';
import type { Bench, LineUnderTest, Member, Started } from './bench.ts';
import { identityOf, script, WAKE_AND_RUN } from './workshop.ts';

const BOOT_MS = 120_000;

export function suspensionContract(subject: LineUnderTest, bench: () => Bench): void {
  test(
    'a clone whose machine was lost boots from its own disk: its name, what it kept, and its network are there again',
    async () => {
      const { workshop, start } = bench();
      const { order, machine } = await configured(await start('lost'));
      await workshop.run(machine, 'echo on disk > /root/kept; sync');
      await workshop.line.kill(order.directory);
      expect(await machine.exited).toMatchObject({ cause: 'crashed' });
      await workshop.line.kill(order.directory);

      const booted = await workshop.line.start({ ...order, start: 'boot' }, workshop.signal);
      const { access } = await resumeMachine(booted, systemClock, workshop.signal);
      expect(access.sshPort).toBeGreaterThan(0);
      // The kernel says so up to a second after the card has its link.
      const state = '/sys/class/net/eth0/operstate';
      const look = `cat /root/kept; hostname; while grep -q down ${state}; do sleep 0.05; done; cat ${state}`;
      // A card of UML's does not say that it is up.
      expect(await workshop.run(booted, look)).toEqual(['on disk', 'lost', expect.stringMatching(/^(up|unknown)$/)]);
      await booted.stop(0, workshop.signal);
    },
    BOOT_MS,
  );

  if (!subject.suspends) {
    test(
      'a clone cannot be suspended, is told so, and runs on',
      async () => {
        const { workshop, crew } = bench();
        const { machine } = await crew('resident');
        await expect(machine.suspend(workshop.signal)).rejects.toMatchObject({ code: 'LINE_CANNOT_SUSPEND' });
        expect(await workshop.run(machine, 'echo awake')).toEqual(['awake']);
      },
      BOOT_MS,
    );
    return;
  }

  test(
    'a clone that was suspended goes on where it stood, on its own disk and network',
    async () => {
      const { workshop } = bench();
      const { order, machine } = await withNetwork('sleeper');
      await workshop.run(machine, 'echo in memory > /run/kept; echo on disk > /root/kept');
      await machine.suspend(workshop.signal);
      expect(await machine.exited).toMatchObject({ cause: 'requested' });
      expect(await processesOf(order.directory)).toEqual([]);

      const resumed = await resume(order);
      expect(await workshop.run(resumed, 'cat /run/kept /root/kept; hostname')).toEqual([
        ...['in memory', 'on disk', 'sleeper'],
      ]);
      const { sshPort } = await resumed.openNetwork(workshop.signal);
      expect((await resumed.openNetwork(workshop.signal)).sshPort).toBe(sshPort);
      expect(await workshop.run(resumed, 'cat /sys/class/net/eth0/operstate')).toEqual(['up']);
      await resumed.stop(0, workshop.signal);
    },
    BOOT_MS,
  );

  test(
    'a plant that was restarted finds a suspended clone as such; once resumed, also when nobody noted its process',
    async () => {
      const { workshop } = bench();
      const { order, machine } = await withNetwork('dreamer');
      await machine.suspend(workshop.signal);
      expect(await workshop.line.adopt(machine.state, workshop.signal)).toEqual({ kind: 'suspended' });
      (await resume(order)).detach();
      const adopted = await workshop.adopt(machine);
      expect(await workshop.run(adopted, 'echo found')).toEqual(['found']);
      await adopted.stop(0, workshop.signal);
      expect(await workshop.line.adopt(machine.state, workshop.signal)).toEqual({ kind: 'gone' });
    },
    BOOT_MS,
  );

  test(
    'a suspension that is cut off leaves the machine running and no part of a state',
    async () => {
      const { workshop, crew } = bench();
      const { order, machine } = await crew('restless');
      await machine.guest(workshop.signal);
      const before = await filesOf(order);
      for (const ms of [0, 30]) {
        const isAsleep = await machine.suspend(AbortSignal.timeout(ms)).then(
          () => true,
          () => false,
        );
        if (isAsleep) return (await resume(order)).stop(0, workshop.signal); // it was quicker than that
        expect(await filesOf(order)).toEqual(before);
        expect(await workshop.run(machine, 'echo awake')).toEqual(['awake']);
      }
    },
    BOOT_MS,
  );

  test(
    'a resumption that fails at any step leaves the machine asleep, and the next one wakes it',
    async () => {
      const { workshop, crew } = bench();
      const { order, machine } = await crew('insomniac');
      await workshop.run(machine, 'echo in memory > /run/kept');
      await machine.suspend(workshop.signal);
      const steps: string[] = [];
      const woken = await resume(order, (step) => void steps.push(step));
      await woken.suspend(workshop.signal);
      expect(steps.length).toBeGreaterThan(1);
      for (const step of steps) {
        const cause = new Error(`injected at ${step}`);
        const failing = resume(order, (one) => {
          if (one === step) throw cause;
        });
        await expect(failing).rejects.toBe(cause);
        expect([step, await workshop.line.adopt(machine.state, workshop.signal)]).toEqual([
          step,
          { kind: 'suspended' },
        ]);
        expect(await processesOf(order.directory)).toEqual([]);
      }
      const awake = await resume(order);
      expect(await workshop.run(awake, 'cat /run/kept')).toEqual(['in memory']);
      await awake.stop(0, workshop.signal);
    },
    BOOT_MS,
  );

  const withNetwork = async (member: Member): Promise<Started> => configured(await bench().crew(member));

  /** With an identity, and a network that is open. */
  async function configured(clone: Started): Promise<Started> {
    const plan = { identity: identityOf(clone.order.vmId), steps: [script(0, 'true')] };
    await bench().workshop.configure(clone.machine, plan, WAKE_AND_RUN);
    return clone;
  }

  function resume(order: StartOrder, reached?: StepObserver): Promise<Machine> {
    const { home, line, signal } = bench().workshop;
    const resuming = reached === undefined ? line : subject.make(home, { reached });
    return resuming.start({ ...order, start: 'resume' }, signal);
  }
}

const filesOf = async ({ directory }: StartOrder): Promise<readonly string[]> =>
  (await readdir(directory, { recursive: true })).sort();
