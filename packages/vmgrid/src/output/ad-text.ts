import type { ClassAdJson } from '@vmgrid/protocol';

/** Writes a classad for people: one `Name = value` on each line, in the plant's order. */
export function adText(ad: ClassAdJson): string {
  return Object.entries(ad)
    .map(([name, value]) => `${name} = ${valueText(value)}`)
    .join('\n');
}

/** HTCondor writes an expression into JSON as the string `/Expr(…)/`. */
export function valueText(value: unknown): string {
  if (value === null) return 'undefined';
  const expression = typeof value === 'string' ? /^\/Expr\((.*)\)\/$/s.exec(value)?.[1] : undefined;
  if (expression !== undefined) return expression;
  if (Array.isArray(value)) return `{ ${value.map(valueText).join(', ')} }`;
  if (typeof value === 'object') {
    return `[ ${Object.entries(value)
      .map(([name, inner]) => `${name} = ${valueText(inner)}`)
      .join('; ')} ]`;
  }
  return JSON.stringify(value);
}
