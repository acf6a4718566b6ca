/** Every way in which a plant can make the guest of one DAG. Pure. */
import { type LineReports, matchImage, type Start } from '@vmgrid/bidding';
import { type Action, type Dag, type DagIndex, linearExtension } from '@vmgrid/dag';
import type { EqualityReport, LineName, MachineSpec } from '@vmgrid/protocol';
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

const baseOf = ({ image }: EqualityWay): string => image.manifest.base;

export const isCold = ({ manifest }: GoldenImage): boolean => manifest.history.length === 0 && !manifest.memory;

/** Returns the cold ways whose bases the other ways have too; the first cold way when there are no others. */
export function coldFor(reuse: readonly EqualityWay[], cold: readonly EqualityWay[]): readonly EqualityWay[] {
  const bases = new Set(reuse.map(baseOf));
  const wanted = cold.filter((way) => bases.has(baseOf(way)));
  return wanted.length > 0 ? wanted : cold.slice(0, 1);
}

/**
 * The way whose guest is the standard for that of another: made cold of the same base on the same line; of one that
 * is made cold itself, the first of the same base.
 */
export function standardOf(way: EqualityWay, ways: readonly EqualityWay[]): EqualityWay {
  const cold = ways.filter((other) => isCold(other.image) && baseOf(other) === baseOf(way));
  return cold.find(({ line }) => isCold(way.image) || line === way.line)!;
}

/** Returns the effects of actions in these images that a boot loses: the reason why some are not booted. */
export function lostBy(images: readonly GoldenImage[]): EqualityReport['lost'] {
  const entries = images.flatMap(({ manifest }) => manifest.history);
  const lost = new Map(
    entries.map(({ digest, id, lostAtBoot }) => [digest, { actionId: id, items: lostAtBoot ?? [] }]),
  );
  return [...lost.values()].filter(({ items }) => items.length > 0);
}
