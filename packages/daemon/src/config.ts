import { readFile } from 'node:fs/promises';
import type { Static, TSchema } from 'typebox';
import { Check, Default, Errors } from 'typebox/value';

/** A configuration that a daemon cannot start with. The message names the field. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'CONFIG_INVALID';
}

export interface ConfigSource {
  /** A JSON file; none means defaults only. */
  readonly file?: string;
  /** Fields from the command line; they win over the file. */
  readonly overrides?: Readonly<Record<string, unknown>>;
}

/**
 * Options of a daemon's command line: `--config FILE`, and `--override JSON` of who starts it with fields of its own.
 */
export const CONFIG_OPTIONS = { config: { type: 'string' }, override: { type: 'string' } } as const;

export const configSource = (given: { readonly config?: string; readonly override?: string }): ConfigSource => ({
  ...(given.config !== undefined && { file: given.config }),
  ...(given.override !== undefined && { overrides: JSON.parse(given.override) }),
});

/** Reads, checks, completes with the schema's defaults and freezes a configuration, before anything starts. */
export async function loadConfig<S extends TSchema>(schema: S, source: ConfigSource): Promise<Readonly<Static<S>>> {
  const fromFile = source.file === undefined ? {} : await readConfigFile(source.file);
  return checkConfig(schema, { ...fromFile, ...source.overrides }, source.file ?? 'configuration');
}

/** The checking half of {@link loadConfig}; `where` names the source in errors. */
export function checkConfig<S extends TSchema>(schema: S, value: unknown, where: string): Readonly<Static<S>> {
  // Walks the schema: to compile it for the one check that there is would be a good part of a daemon's start.
  const config = Default(schema, structuredClone(value));
  if (!Check(schema, config)) throw new ConfigError(`${where}: ${faultsOf(schema, config).join('; ')}`);
  return Object.freeze(config) as Readonly<Static<S>>;
}

function faultsOf(schema: TSchema, config: unknown): readonly string[] {
  // says again which field is unknown
  const errors = Errors(schema, config).filter(({ keyword }) => keyword !== 'boolean');
  return errors.map((error) => `${error.instancePath || '/'} ${error.message}${extra(error)}`);
}

const extra = (error: ReturnType<typeof Errors>[number]): string =>
  error.keyword === 'additionalProperties' ? ` (${error.params.additionalProperties.join(', ')})` : '';

/** @throws ConfigError when it cannot be read, or holds no JSON object */
export async function readConfigFile(file: string): Promise<Record<string, unknown>> {
  const value = await readJson(file);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new ConfigError(`${file}: it holds no JSON object`);
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`${file}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
