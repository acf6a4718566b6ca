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
  const errors = Errors(schema, config).filter(({ keyword }) => keyword !== 'boolean'); // says again which field is unknown
  return errors.map((error) => `${error.instancePath || '/'} ${error.message}${extra(error)}`);
}

const extra = (error: ReturnType<typeof Errors>[number]): string =>
  error.keyword === 'additionalProperties' ? ` (${error.params.additionalProperties.join(', ')})` : '';

async function readConfigFile(file: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`${file}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
