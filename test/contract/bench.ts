/** A line with an image of its own making, and how the tests of a line start machines on it. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LineOptions } from '../../packages/lines/src/make-lines.ts';
import { MAX_CONSOLE_BYTES } from '../../packages/lines/src/process/console-log.ts';
import type { Machine, ProductionLine, StartOrder, StepObserver } from '../../packages/lines/src/production-line.ts';
import type { LineName } from '../../packages/protocol/src/index.ts';
import type { GoldenImage } from '../../packages/warehouse/src/images/manifest.ts';
import { type LineHome, script, Workshop } from './workshop.ts';

export interface LineUnderTest {
  readonly name: LineName;
  /** Whether it restores suspended images; else it only boots. */
  readonly restores: boolean;
  /** Processors that a machine may have; left out: as many as are asked for. */
  readonly mostCpus?: number;
  /** Whether it suspends living clones and resumes them. */
  readonly suspends: boolean;
  /** Operating system of the base image that its machines are made from. */
  readonly os: string;
  /** `paper`: nothing runs in it, and only a greeting answers at its ssh port. */
  readonly guest: 'linux' | 'paper';
  make(options: LineHome, deps: { readonly reached?: StepObserver }): ProductionLine;
  /** Whether its processes' system calls are filtered. */
  readonly sandboxed: boolean;
  /** The configuration of a plant that is another process. */
  configuration?(): Omit<LineOptions, 'stateDirectory'>;
  /** Machines that a daemon of the host knows of, running or not; left out where there is none. */
  known?(): Promise<readonly string[]>;
}

/** The means that all tests of one line share. */
export interface Bench {
  readonly subject: LineUnderTest;
  readonly workshop: Workshop;
  /** Suspended on a line that restores, else a disk; with a file `/root/mark` in which is `from the image`. */
  readonly image: GoldenImage;
  /** Starts a clone the quickest way the line has. */
  clone(id: string, more?: Partial<StartOrder>, image?: GoldenImage): Promise<Machine>;
  order(id: string, more?: Partial<StartOrder>, image?: GoldenImage): Promise<StartOrder>;
  /** Starts a clone as `clone` does, and tells what it was made of. */
  start(id: string, more?: Partial<StartOrder>): Promise<Started>;
  /**
   * Returns one of the clones that were started together at the first call: a boot takes seconds on lines that do not
   * restore.
   */
  crew(member: Member): Promise<Started>;
  /**
   * Booted from the image, at the first call, with more memory, processors and disk than a clone. Its console log has
   * room for half a flood: a serial line is slow.
   */
  large(): Promise<Started>;
}

/** The size of the large machine (processors as far as its line allows), and how much floods its console. */
export const LARGE = { memoryMiB: 384, cpus: 2, moreDiskMiB: 128, floodBytes: 65_536 } as const;

/** Named by what becomes of them in one test; the resident and its neighbour are left running for all. */
export const CREW = [
  ...(['resident', 'neighbour', 'writer', 'orphan', 'unnoted', 'victim', 'stopped'] as const),
  ...(['sleeper', 'dreamer', 'insomniac', 'restless'] as const),
];
export type Member = (typeof CREW)[number];

export interface Started {
  readonly order: StartOrder;
  readonly machine: Machine;
}

export const OPEN_BENCH_MS = 600_000;

/**
 * Opens by a signal that aborts when this takes too long, and never afterwards: each test has a deadline of its own.
 */
export async function inTimeToOpen<T>(open: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const late = new Error(`the bench was not open within ${OPEN_BENCH_MS} ms`);
  const timer = setTimeout(() => controller.abort(late), OPEN_BENCH_MS);
  return open(controller.signal).finally(() => clearTimeout(timer));
}

export async function openBench(subject: LineUnderTest): Promise<Bench> {
  const { workshop, golden } = await inTimeToOpen(async (signal) => {
    const opened = await Workshop.open(subject, signal);
    return makeGolden(opened).then(
      (image) => ({ workshop: opened, golden: image }),
      async (error: unknown) => {
        await opened.close();
        throw error;
      },
    );
  });
  const way = subject.restores ? 'restore' : 'boot';
  const order: Bench['order'] = (id, more, image = golden) => workshop.order(id, image, { start: way, ...more });
  const start: Bench['start'] = async (id, more) => {
    const ordered = await order(id, more);
    return { order: ordered, machine: await workshop.start(ordered) };
  };
  async function startLarge(): Promise<Started> {
    const { memoryMiB, moreDiskMiB, floodBytes } = LARGE;
    const { machine } = golden.manifest;
    const cpus = Math.min(LARGE.cpus, subject.mostCpus ?? LARGE.cpus);
    const spec = { ...machine, memoryMiB, cpus, diskMiB: machine.diskMiB + moreDiskMiB };
    const ordered = await order('large', { start: 'boot', machine: spec });
    await writeFile(join(ordered.directory, 'console.log'), Buffer.alloc(MAX_CONSOLE_BYTES - floodBytes / 2));
    return { order: ordered, machine: await workshop.start(ordered) };
  }
  let crew: Record<string, Promise<Started>> | undefined;
  let large: Promise<Started> | undefined;
  return {
    ...{ subject, workshop, image: golden, order, start },
    clone: async (id, more, image) => workshop.start(await order(id, more, image)),
    crew(member) {
      crew ??= Object.fromEntries(CREW.map((id) => [id, start(id)]));
      for (const one of Object.values(crew)) one.catch(() => undefined); // it is told to whoever asks for that one
      return crew[member]!;
    },
    large() {
      large ??= startLarge();
      return large;
    },
  };
}

/** Boots the base, leaves a mark, and freezes it. */
async function makeGolden(workshop: Workshop): Promise<GoldenImage> {
  const order = await workshop.order('golden', workshop.base, { purpose: 'build', start: 'boot' });
  const machine = await workshop.start(order);
  const steps = [script(0, 'echo from the image > /root/mark')];
  await workshop.configure(machine, { steps }, [{ task: 'run', first: 0, last: 0 }]);
  return workshop.freeze(machine, order, 'golden');
}
