/**
 * Binary search. Returns the first whole number between `from` and `to` for which `isBefore` is false. `isBefore` must
 * be true up to some point and false from there on.
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
