/** Names that one message lists; the others are counted. */
const NAMED = 3;

/** Lists names for a message, such as `plant-1, plant-2, plant-3 and 5 more`. */
export function nameSome(names: readonly string[]): string {
  const some = names.slice(0, NAMED);
  const others = names.length - some.length;
  const all = others > 0 ? [...some, `${others} more`] : some;
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}
