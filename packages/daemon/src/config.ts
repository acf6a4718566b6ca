import { readFileSync } from 'node:fs';
import type { Static, TSchema } from 'typebox';
import { Check, Default, Errors } from 'typebox/value';

/** A configuration that a daemon cannot start with. The message names the field. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG_INVALID';
}

export interface ConfigSource {
  /** A JSON file; left out, only defaults apply. */
  readonly file?: string;
  /** Fields from the command line. They override the file. */
  readonly overrides?: Readonly<Record<string, unknown>>;
}

/**
 * Options of a daemon's command line: `--config FILE`, and `--override JSON`, with which a program that starts the
 * daemon sets fields.
 */
export const CONFIG_OPTIONS = { config: { type: 'string' }, override: { type: 'string' } } as const;

/** @throws ConfigError when the override is no JSON object */
export function configSource(given: { readonly config?: string; readonly override?: string }): ConfigSource {
  const { config: file, override } = given;
  return {
    ...(file !== undefined && { file }),
    ...(override !== undefined && { overrides: objectIn('--override', () => override) }),
  };
}

/** Reads a configuration, checks it, adds the schema's defaults and freezes it, before anything starts. */
export async function loadConfig<S extends TSchema>(schema: S, source: ConfigSource): Promise<Readonly<Static<S>>> {
  const fromFile = source.file === undefined ? {} : await readConfigFile(source.file);
  return checkConfig(schema, { ...fromFile, ...source.overrides }, source.file ?? 'configuration');
}

/** Checks a configuration as {@link loadConfig} does; `where` names its source in errors. */
export function checkConfig<S extends TSchema>(schema: S, value: unknown, where: string): Readonly<Static<S>> {
  // Walks the schema: compiling it for a single check would take a large part of a daemon's start.
  const config = Default(schema, structuredClone(value));
  if (!Check(schema, config)) throw new ConfigError(`${where}: ${faultsOf(schema, config).join('; ')}`);
  return Object.freeze(config) as Readonly<Static<S>>;
}

function faultsOf(schema: TSchema, config: unknown): readonly string[] {
  // these only repeat which field is unknown
  const errors = Errors(schema, config).filter(({ keyword }) => keyword !== 'boolean');
  return errors.map((error) => `${error.instancePath || '/'} ${error.message}${extra(error)}`);
}

const extra = (error: ReturnType<typeof Errors>[number]): string =>
  error.keyword === 'additionalProperties' ? ` (${error.params.additionalProperties.join(', ')})` : '';

/** @throws ConfigError when the file cannot be read, or holds no JSON object */
export const readConfigFile = async (file: string): Promise<Record<string, unknown>> =>
  objectIn(file, () => readFileSync(file, 'utf8'));

function objectIn(where: string, read: () => string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(read());
  } catch (cause) {
    throw new ConfigError(`${where}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ConfigError(`${where}: it holds no JSON object`);
}
