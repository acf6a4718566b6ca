/**
 * Copies a message as the other end of a link receives it: the same as through JSON, without the text. The copy is
 * frozen, so that all who receive it or send it on can share it.
 */

/** Returns undefined for values that JSON leaves out. @throws TypeError for a value that JSON cannot hold */
export function overTheWire(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value + 0 : null; // and no negative zero
    case 'object':
      return value === null || Object.isFrozen(value) ? value : Object.freeze(copyOf(value));
    case 'bigint':
      throw new TypeError('JSON has no form for a bigint');
    default:
      return undefined;
  }
}

function copyOf(value: object): unknown {
  if (Array.isArray(value)) return copyOfList(value);
  if ('toJSON' in value && typeof value.toJSON === 'function') return overTheWire(value.toJSON());
  // Copying all fields at once takes a fraction of the time: most of them stay as they are.
  const copy = { ...value } as Record<string, unknown>;
  for (const name in copy) {
    const sent = copy[name];
    if (typeof sent === 'string' || typeof sent === 'boolean') continue;
    const arrived = overTheWire(sent);
    if (arrived === undefined) delete copy[name];
    else if (!Object.is(arrived, sent)) copy[name] = arrived;
  }
  return copy;
}

function copyOfList(list: readonly unknown[]): unknown[] {
  const copy: unknown[] = [];
  for (const element of list) copy.push(overTheWire(element) ?? null);
  return copy;
}
