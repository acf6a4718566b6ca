/** Request documents for tests, in as few words as they need. */
import type { Action, Dag, ScriptAction } from '@vmgrid/dag';

/**
 * The machine that the stocked warehouse has suspended: of the tiny base image, which boots on every line in seconds.
 */
export const MACHINE = { arch: 'x86_64', os: 'tiny-1', memoryMiB: 128, cpus: 1, diskMiB: 256 } as const;

/** A machine of the simulated line. */
export const SIMULATED_MACHINE = { ...MACHINE, os: 'simulated-1', memoryMiB: 256, diskMiB: 2048 } as const;

type Hints = Partial<Omit<ScriptAction, 'id' | 'kind'>>;

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

const orderOf =
  <M>(machine: M) =>
  (actions: readonly Action[] = [], more: object = {}) => ({ machine, dag: dag(actions), ...more });

/** A create request of these actions. */
export const order = orderOf(MACHINE);

/** The same for a simulated machine. */
export const simulatedOrder = orderOf(SIMULATED_MACHINE);

const xmlOf =
  ({ arch, os, memoryMiB, cpus, diskMiB }: typeof MACHINE | typeof SIMULATED_MACHINE) =>
  (actions = '', attributes = ''): string =>
    `<vmgrid version="1"><create ${attributes}>
       <machine arch="${arch}" os="${os}" memoryMiB="${memoryMiB}" cpus="${cpus}" diskMiB="${diskMiB}"/>
       <dag>${actions}</dag>
     </create></vmgrid>`;

/** A create request in XML, for the endpoints that take XML; the actions are XML. */
export const createXml = xmlOf(MACHINE);

/** The same for a simulated machine. */
export const simulatedXml = xmlOf(SIMULATED_MACHINE);
