import type { ImageDiffReply, ImageHistoryEntry, ImageReply } from '@vmgrid/protocol';

/** Compares two images: machine, restore, and the histories as one sequence. Pure. */
export function diffImages(from: ImageReply, to: ImageReply): ImageDiffReply {
  return {
    from: from.imageId,
    to: to.imageId,
    machine: differences(fieldsOf(from), fieldsOf(to)),
    history: diffHistories(from.history, to.history),
  };
}

const fieldsOf = ({
  machine,
  line,
  suspended,
  parent,
  compatibility,
}: ImageReply): Readonly<Record<string, unknown>> => ({
  ...machine,
  ...{ line, suspended, parent },
  ...compatibility,
});

function differences(
  from: Readonly<Record<string, unknown>>,
  to: Readonly<Record<string, unknown>>,
): ImageDiffReply['machine'] {
  const fields = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  return fields
    .filter((field) => from[field] !== to[field])
    .map((field) => ({ field, from: from[field] ?? null, to: to[field] ?? null }));
}

type Step = ImageDiffReply['history'][number];

/** A longest common subsequence of action digests is unchanged; all else is removed or added where it stood. */
export function diffHistories(from: readonly ImageHistoryEntry[], to: readonly ImageHistoryEntry[]): Step[] {
  const common = commonLengths(from, to);
  const steps: Step[] = [];
  let [here, there] = [0, 0];
  while (here < from.length || there < to.length) {
    const [left, right] = [from[here], to[there]];
    if (left && right && left.digest === right.digest) {
      steps.push({ side: 'same', entry: right });
      here += 1;
      there += 1;
    } else if (left && (!right || common[here + 1]![there]! >= common[here]![there + 1]!)) {
      steps.push({ side: 'removed', entry: left });
      here += 1;
    } else {
      steps.push({ side: 'added', entry: right! });
      there += 1;
    }
  }
  return steps;
}

/** Returns, for each pair of positions, the length of a longest common subsequence of the rests. */
function commonLengths(from: readonly ImageHistoryEntry[], to: readonly ImageHistoryEntry[]): number[][] {
  const lengths = Array.from({ length: from.length + 1 }, () => new Array<number>(to.length + 1).fill(0));
  for (let here = from.length - 1; here >= 0; here -= 1) {
    for (let there = to.length - 1; there >= 0; there -= 1) {
      const same = from[here]!.digest === to[there]!.digest;
      lengths[here]![there] = same
        ? lengths[here + 1]![there + 1]! + 1
        : Math.max(lengths[here + 1]![there]!, lengths[here]![there + 1]!);
    }
  }
  return lengths;
}
