/**
 * What arrives at the other end of a link of what was sent: the same as through JSON, without its text. What has
 * arrived is frozen, so that whoever sends it on, and all who get it, can have one copy.
 */

/** Undefined for what JSON leaves out. @throws TypeError for what it cannot hold */
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
  if (Array.isArray(value)) return Array.from(value, (element) => overTheWire(element) ?? null);
  if ('toJSON' in value && typeof value.toJSON === 'function') return overTheWire(value.toJSON());
  const fields = value as Readonly<Record<string, unknown>>;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    const field = overTheWire(fields[name]);
    if (field !== undefined) copy[name] = field;
  }
  return copy;
}
