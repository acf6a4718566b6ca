import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Static, TSchema } from 'typebox';

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
  const ajv = new Ajv2020({ useDefaults: true, allErrors: true, strict: false, meta: false, validateSchema: false });
  addFormats.default(ajv);
  const config = structuredClone(value);
  const validate = ajv.compile(schema);
  if (!validate(config)) {
    const faults = (validate.errors ?? []).map(
      (fault) => `${fault.instancePath || '/'} ${fault.message}${extra(fault.params)}`,
    );
    throw new ConfigError(`${where}: ${faults.join('; ')}`);
  }
  return Object.freeze(config) as Readonly<Static<S>>;
}

const extra = (params: Record<string, unknown>): string =>
  typeof params.additionalProperty === 'string' ? ` (${params.additionalProperty})` : '';

async function readConfigFile(file: string): Promise<Record<string, unknown>> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new ConfigError(`${file}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
