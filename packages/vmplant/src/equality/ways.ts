/** Every way in which a plant can make the guest of one DAG. Pure. */
import { type LineReports, matchImage, type Start } from '@vmgrid/bidding';
import { type Action, type Dag, type DagIndex, linearExtension } from '@vmgrid/dag';
import type { LineName, MachineSpec } from '@vmgrid/protocol';
import type { GoldenImage } from '@vmgrid/warehouse';

export interface EqualityWay {
  /** For people, such as `restore image-1 on qemu, 2 cached`. */
  readonly name: string;
  readonly image: GoldenImage;
  readonly line: LineName;
  readonly start: Start;
  /** The number of actions that the image stands for, and the remaining actions. */
  readonly cached: number;
  readonly remaining: readonly Action[];
}

interface Asked {
  readonly machine: MachineSpec;
  readonly dag: Dag;
  readonly index: DagIndex;
}

/** Returns the beginnings of a DAG in its order, as chains: the first with one action, the last with all. */
export function beginnings(dag: Dag): readonly Dag[] {
  const order = linearExtension(dag);
  return order.map((_, last) => {
    const actions = order.slice(0, last + 1);
    return { actions, edges: actions.slice(1).map(({ id }, at) => ({ from: actions[at]!.id, to: id })) };
  });
}

/**
 * Returns the ways to begin with an image; none when it does not match. A base image is booted: this makes a machine
 * cold.
 */
export function waysWith(
  image: GoldenImage,
  { machine, dag, index }: Asked,
  lines: LineReports,
): readonly EqualityWay[] {
  const verdict = matchImage({ machine, dag: index }, image, lines);
  if (verdict.kind === 'miss') return [];
  const { matched, remaining } = verdict.match;
  return verdict.ways.map(({ line, start }) => ({
    ...{ image, line, start, cached: matched.length, remaining: linearExtension(dag, remaining) },
    name: isCold(image) ? `cold on ${line}` : `${start} ${image.manifest.id} on ${line}, ${matched.length} cached`,
  }));
}

export const isCold = ({ manifest }: GoldenImage): boolean => manifest.history.length === 0 && !manifest.memory;
