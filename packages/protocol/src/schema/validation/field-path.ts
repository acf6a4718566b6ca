/** Paths of fields in a document. */

/** Returns the names in a JSON pointer (RFC 6901). */
export function pointerNames(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Writes `['dag', 'actions', '3']` as `dag.actions[3]`. */
export function pathOf(names: readonly string[]): string {
  return names.map((name, index) => (/^\d+$/.test(name) ? `[${name}]` : `${index === 0 ? '' : '.'}${name}`)).join('');
}

/** Returns the value at a path; undefined when there is none. */
export function at(root: unknown, names: readonly string[]): unknown {
  let value = root;
  for (const name of names) value = member(value, name);
  return value;
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

const TEXT_FIELDS: ReadonlySet<string> = new Set(['script', 'content', 'recover', 'environment', 'arguments']);

/** Whether messages must not show a value: anything in a secret action, and the texts of every action. */
export function isHidden(root: unknown, names: readonly string[]): boolean {
  if (names.some((name) => TEXT_FIELDS.has(name))) return true;
  return names.some((_, index) => {
    const secret = member(at(root, names.slice(0, index + 1)), 'secret');
    return secret !== undefined && secret !== false;
  });
}
