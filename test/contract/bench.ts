/** A line with an image of its own making, and how the tests of a line start machines on it. */
import type {
  Machine,
  ProductionLine,
  StartOrder,
  StepObserver,
} from '../../packages/vmplant/src/lines/production-line.ts';
import type { GoldenImage } from '../../packages/vmplant/src/warehouse/manifest.ts';
import { script, Workshop } from './workshop.ts';

export interface LineUnderTest {
  readonly name: string;
  /** Whether it restores suspended images; else it only boots. */
  readonly restores: boolean;
  /** Processors that a machine may have; left out: as many as are asked for. */
  readonly mostCpus?: number;
  /** Whether it suspends living clones and resumes them. */
  readonly suspends: boolean;
  /** Operating system of the base image that its machines are made from. */
  readonly os: string;
  /** What answers at a guest's ssh port: a server, or only its greeting. */
  readonly ssh: 'server' | 'greeting';
  make(options: { readonly stateDirectory: string }, deps: { readonly reached?: StepObserver }): ProductionLine;
}

/** What the tests of one line share. */
export interface Bench {
  readonly subject: LineUnderTest;
  readonly workshop: Workshop;
  /** Suspended on a line that restores, else a disk; with a file `/root/mark` in which is `from the image`. */
  readonly image: GoldenImage;
  /** Starts a clone the quickest way the line has. */
  clone(id: string, more?: Partial<StartOrder>, image?: GoldenImage): Promise<Machine>;
  order(id: string, more?: Partial<StartOrder>, image?: GoldenImage): Promise<StartOrder>;
}

export const OPEN_BENCH_MS = 600_000;

export async function openBench(subject: LineUnderTest): Promise<Bench> {
  const workshop = await Workshop.open(subject, AbortSignal.timeout(OPEN_BENCH_MS));
  const golden = await makeGolden(workshop);
  const start = subject.restores ? 'restore' : 'boot';
  const order: Bench['order'] = (id, more, image = golden) => workshop.order(id, image, { start, ...more });
  return {
    ...{ subject, workshop, image: golden, order },
    clone: async (id, more, image) => workshop.start(await order(id, more, image)),
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
