/** Describes one field of a JSON Schema in words. */

/** As much of a schema as configurations use. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
}

/** The value's type, with its limits. */
export function kindOf(field: Schema): string {
  const choices = field.anyOf?.map((choice) => `\`${JSON.stringify(choice.const)}\``);
  if (choices && field.type === undefined) return `one of ${choices.join(', ')}`;
  if (field.items) return `list of ${kindOf(field.items)}${rangeOf(field.minItems, field.maxItems, ' entries')}`;
  const [named] = Object.values(field.patternProperties ?? {});
  if (named) return `object; for each name ${kindOf(named)}`;
  if (field.type === 'integer' || field.type === 'number') return `${field.type}${boundsOf(field)}`;
  if (field.type === 'string') return textKindOf(field.pattern);
  return field.type!;
}

/** The unit, by the name of a field or the form of its text. Empty: it has none. */
export function unitOf(path: string, field: Schema): string {
  if (field.pattern?.startsWith('^P(')) return 'ISO 8601';
  return UNITS.find(([end]) => path.endsWith(end))?.[1] ?? '';
}

const UNITS = [
  ['Ms', 'milliseconds'],
  ['MiB', 'MiB'],
  ['Bytes', 'bytes'],
  ['Seconds', 'seconds'],
  ['PerMinute', 'per minute'],
  ['PerSecond', 'per second'],
] as const;

function textKindOf(pattern = ''): string {
  if (pattern.startsWith('^P(')) return 'duration';
  if (pattern === '^/') return 'absolute path';
  return pattern === '' ? 'text' : `text that matches \`${pattern}\``;
}

function boundsOf({ minimum, exclusiveMinimum, maximum }: Schema): string {
  if (exclusiveMinimum === undefined) return rangeOf(minimum, maximum, '');
  return ` above ${exclusiveMinimum}${maximum === undefined ? '' : ` to ${maximum}`}`;
}

function rangeOf(least: number | undefined, most: number | undefined, unit: string): string {
  if (least !== undefined && most !== undefined) return `, ${least} to ${most}${unit}`;
  if (least !== undefined) return `, ${least} or more${unit}`;
  return most === undefined ? '' : `, at most ${most}${unit}`;
}
