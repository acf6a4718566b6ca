/** Starts that fail: whatever step they get to, nothing is left that they made. */
import { readdir } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { processesOf } from '@vmgrid/test-support/hosts/processes.ts';
import type { StartOrder, StepObserver } from '../../packages/lines/src/production-line.ts';
import type { MachineSpec } from '../../packages/protocol/src/index.ts';
import type { GoldenImage } from '../../packages/warehouse/src/images/manifest.ts';
import type { Bench, LineUnderTest } from './bench.ts';
import { MEMORY_MIB } from './workshop.ts';

/** A larger disk takes every step there is. */
const largerThan = ({ machine }: GoldenImage['manifest']): MachineSpec => ({
  ...{ ...machine, memoryMiB: MEMORY_MIB, cpus: 1 },
  diskMiB: machine.diskMiB + 1_024,
});

/** Each way of starting a machine. */
const WAYS = (['restore', 'boot'] as const).flatMap((start) =>
  (['clone', 'build'] as const).map((purpose) => ({ start, purpose })),
);
type Way = (typeof WAYS)[number];

export function failureContract(subject: LineUnderTest, bench: () => Bench): void {
  const ways = WAYS.filter(({ start }) => subject.restores || start === 'boot');

  test.each(ways)(
    'a $start of a $purpose that fails at any step leaves nothing of what it made',
    async (way) => {
      const steps = await stepsOf(way);
      expect(steps.length).toBeGreaterThan(2);
      const left: Record<string, unknown> = {};
      for (const step of steps) left[step] = await failAt(step, way);
      const nothing = { overlay: 'as before', files: 'as before', processes: 0 };
      expect(left).toEqual(Object.fromEntries(steps.map((step) => [step, nothing])));
    },
    120_000,
  );

  test.each([0, 30, 60, 120])(
    'a start that is aborted after %i ms leaves nothing of what it made',
    async (ms) => {
      const { workshop, order, image } = bench();
      const ordered = await order(`aborted-${ms}`, { machine: largerThan(image.manifest) });
      await workshop.line.createOverlay(ordered, workshop.signal);
      const before = await filesOf(ordered);
      const controller = new AbortController();
      const reason = new Error('not wanted any more');
      const starting = workshop.line.start(ordered, controller.signal);
      setTimeout(() => controller.abort(reason), ms);
      const outcome = await starting.then(
        (started) => started.stop(0, workshop.signal),
        (error: unknown) => error,
      );
      expect(await processesOf(ordered.directory)).toEqual([]);
      if (outcome === undefined) return; // it was quicker than the abort
      expect(outcome).toBe(reason);
      expect(await filesOf(ordered)).toEqual(before);
    },
    30_000,
  );

  const orderOf = (id: string, way: Way): Promise<StartOrder> =>
    bench().order(id, { ...way, machine: largerThan(bench().image.manifest) });

  const lineWith = (reached: StepObserver) => subject.make(bench().workshop.home, { reached });

  /** The steps of a start that succeeds. */
  async function stepsOf(way: Way): Promise<readonly string[]> {
    const { signal } = bench().workshop;
    const order = await orderOf(`all-${way.start}-${way.purpose}`, way);
    const steps: string[] = [];
    const line = lineWith((step) => void steps.push(step));
    await line.createOverlay(order, signal);
    const started = await line.start(order, signal);
    await started.stop(0, signal);
    return steps;
  }

  /** Returns what is left when the making fails at a step. */
  async function failAt(step: string, way: Way): Promise<unknown> {
    const { signal } = bench().workshop;
    const order = await orderOf(`${step}-${way.start}-${way.purpose}`, way);
    const cause = new Error(`injected at ${step}`);
    const line = lineWith((one) => {
      if (one === step) throw cause;
    });
    const empty = await filesOf(order);
    const overlay = await line.createOverlay(order, signal).catch((error: unknown) => error);
    const before = await filesOf(order);
    if (overlay === undefined) await expect(line.start(order, signal)).rejects.toBe(cause);
    else expect(overlay).toBe(cause);
    const after = await filesOf(order);
    return {
      overlay: overlay === undefined || before.join() === empty.join() ? 'as before' : before,
      files: after.join() === before.join() ? 'as before' : after,
      processes: (await processesOf(order.directory)).length,
    };
  }
}

const filesOf = async ({ directory }: StartOrder): Promise<readonly string[]> =>
  (await readdir(directory, { recursive: true })).sort();
