/** Request documents for tests, in as few words as they need. */
import type { Action, Dag } from '@vmgrid/dag';

/** The machine that the stocked warehouse has suspended. */
export const MACHINE = { arch: 'x86_64', os: 'debian-12', memoryMiB: 256, cpus: 1, diskMiB: 2048 } as const;

/** The same of the simulated line. */
export const SIMULATED_MACHINE = { ...MACHINE, os: 'simulated-1' } as const;

/** The same of the tiny base image, which boots on every line. */
export const TINY_MACHINE = { ...MACHINE, os: 'tiny-1', memoryMiB: 128, diskMiB: 256 } as const;

type Hints = Partial<Pick<Action, 'timeout' | 'retries' | 'onError' | 'recover' | 'secret'>>;

export const script = (id: string, text: string, hints: Hints = {}): Action => ({
  id,
  kind: 'script',
  script: text,
  ...hints,
});

export const host = (id: string, name: string, ...args: string[]): Action => ({
  id,
  kind: 'host',
  name,
  arguments: args,
});

/** `edges` as `A>B`. */
export const dag = (actions: readonly Action[], ...edges: readonly string[]): Dag => ({
  actions: [...actions],
  edges: edges.map((edge) => {
    const [from, to] = edge.split('>');
    return { from: from!, to: to! };
  }),
});

/** A create request of these actions. */
export const order = (actions: readonly Action[] = [], more: object = {}) => ({
  machine: MACHINE,
  dag: dag(actions),
  ...more,
});

/** The same in XML, for the doors that take XML. */
export const createXml = (actions = '', attributes = ''): string =>
  `<vmgrid version="1"><create ${attributes}>
     <machine arch="x86_64" os="debian-12" memoryMiB="256" cpus="1" diskMiB="2048"/>
     <dag>${actions}</dag>
   </create></vmgrid>`;
