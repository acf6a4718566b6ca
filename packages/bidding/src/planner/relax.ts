/**
 * Finds the changes of a request after which an image would match. It makes one change at a time, the one that the
 * offender of the first failed test suggests, until the image matches. The changes are few, but not always the fewest.
 */
import { type DagIndex, type Mismatch, matchHistory } from '@vmgrid/dag';
import type { MachineSpec, RequestChange } from '@vmgrid/protocol';
import type { KnownImage, RanAction } from '../known-image.ts';
import { type LineReports, machineFault } from './ways-to-start.ts';

export interface Relaxation {
  readonly changes: readonly RequestChange[];
  /** Whether the image matches after the changes. */
  readonly suffices: boolean;
}

/** An image that needs more changes is not near. */
const MOST_CHANGES = 10;

export function relaxRequest(
  { machine, dag }: { readonly machine: MachineSpec; readonly dag: DagIndex },
  image: KnownImage,
  lines: LineReports,
): Relaxation {
  const history = relaxHistory(dag, image.manifest.history);
  const hardware = relaxMachine(machine, image, lines);
  return { changes: [...hardware.changes, ...history.changes], suffices: hardware.suffices && history.suffices };
}

/** Returns the changes after which the machine could use the image's disk. */
export function relaxMachine(machine: MachineSpec, image: KnownImage, lines: LineReports): Relaxation {
  const { machine: frozen, line } = image.manifest;
  const changes: RequestChange[] = [];
  if (frozen.arch !== machine.arch) changes.push(setting('arch', frozen.arch));
  if (frozen.os !== machine.os) changes.push(setting('os', frozen.os));
  if (frozen.diskMiB > machine.diskMiB) changes.push(setting('diskMiB', frozen.diskMiB, 'at-least'));
  const diskMiB = Math.max(frozen.diskMiB, machine.diskMiB);
  const relaxed: MachineSpec = { ...machine, arch: frozen.arch, os: frozen.os, diskMiB };
  if (machineFault(relaxed, image, lines) === undefined) return { changes, suffices: true };
  const toRestore = relaxRestore(relaxed, image);
  const restored: MachineSpec = { ...relaxed, memoryMiB: frozen.memoryMiB, cpus: frozen.cpus };
  if (toRestore.length > 0 && machineFault(restored, image, lines) === undefined) {
    return { changes: [...changes, ...toRestore], suffices: true };
  }
  if (machine.line === undefined || machine.line === line) return { changes, suffices: false };
  return {
    changes: [...changes, setting('line', line)],
    suffices: machineFault({ ...relaxed, line }, image, lines) === undefined,
  };
}

/** Returns the changes of the machine after which a suspended image that matches could be restored. */
export function relaxRestore(machine: MachineSpec, { manifest }: KnownImage): readonly RequestChange[] {
  if (!manifest.memory) return [];
  return (['memoryMiB', 'cpus'] as const)
    .filter((field) => manifest.machine[field] !== machine[field])
    .map((field) => setting(field, manifest.machine[field]));
}

const setting = (
  field: keyof MachineSpec,
  value: string | number,
  relation: 'equal' | 'at-least' = 'equal',
): RequestChange => ({ kind: 'set-machine', field, relation, value });

/** The request after some changes. Instead of adding an action, its entry is left out of the history. */
interface Relaxed {
  readonly dag: DagIndex;
  readonly history: readonly RanAction[];
}

type Step = Relaxed & { readonly change: RequestChange };

function relaxHistory(dag: DagIndex, history: readonly RanAction[]): Relaxation {
  const changes: RequestChange[] = [];
  let state: Relaxed = { dag, history };
  for (;;) {
    const verdict = matchHistory(
      state.dag,
      state.history.map(({ digest }) => digest),
    );
    if (verdict.matches) return { changes, suffices: true };
    const step = changes.length < MOST_CHANGES && verdict.decided ? stepFor(state, verdict) : undefined;
    if (!step) return { changes, suffices: false };
    changes.push(step.change);
    state = step;
  }
}

function stepFor({ dag, history }: Relaxed, { test, offender }: Mismatch): Step | undefined {
  if (test === 'subset') {
    const { id: action, digest } = history[offender.position]!;
    return { change: { kind: 'add-action', action, digest }, dag, history: history.toSpliced(offender.position, 1) };
  }
  if (offender.missing === undefined) return undefined;
  const missing = dag.ids.indexOf(offender.missing);
  const group = dag.groupOfDigest.get(offender.digest);
  const after = dag.graph.successors[missing]!.find((node) => dag.groupOf[node] === group);
  if (after !== undefined) {
    // Which actions come before a restart and which after it would be others without the edge.
    if (dag.graph.restarts.length > 0) return undefined;
    const change = { kind: 'remove-edge', from: offender.missing, to: dag.ids[after]! } as const;
    return { change, dag: withoutEdges(dag, missing, (to) => to === after), history };
  }
  const isAlone = dag.members[dag.groupOf[missing]!]!.length === 1;
  if (test !== 'prefix' || !isAlone) return undefined;
  const change = { kind: 'drop-action', action: offender.missing } as const;
  return { change, dag: withoutEdges(dag, missing, () => true), history };
}

/**
 * Returns a DAG without some edges from a node. An action that is in no history and that nothing waits for has no
 * effect.
 */
function withoutEdges(dag: DagIndex, from: number, goes: (to: number) => boolean): DagIndex {
  const { graph } = dag;
  const successors = graph.successors.with(
    from,
    graph.successors[from]!.filter((to) => !goes(to)),
  );
  const predecessors = graph.predecessors.map((before, node) =>
    goes(node) ? before.filter((other) => other !== from) : before,
  );
  const edgeCount = successors.reduce((sum, { length }) => sum + length, 0);
  return { ...dag, graph: { ...graph, successors, predecessors, edgeCount } };
}
