/**
 * Binary search: the first whole number from `from` on for which `isBefore` no longer holds, `to` at most. Given that
 * it holds up to some point, and from there on never.
 */
export function partitionPoint(from: number, to: number, isBefore: (place: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
