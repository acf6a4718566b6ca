/**
 * Configuration files of the daemons of a grid on this machine: made when they do not exist, and from then on the
 * operator's.
 */
import { writeFile } from 'node:fs/promises';
import { readConfigFile } from '@vmgrid/daemon';

type Fields = Readonly<Record<string, unknown>>;

export interface DaemonFields {
  /** Folders, which are written into a new file. */
  readonly places: Fields;
  /** Other fields. They apply unless the file sets them. */
  readonly fields: Fields;
  /** Names of fields that override the file, because the operator has just asked for them. Left out: all. */
  readonly asked?: ReadonlySet<string> | undefined;
}

/**
 * Returns the configuration of a daemon: `config` are the fields of its file, `overrides` those that override it. An
 * existing file is not changed.
 * @throws ConfigError
 */
export async function settleConfig(file: string, { places, fields, asked }: DaemonFields) {
  await writeFile(file, `${JSON.stringify(places, null, 2)}\n`, { mode: 0o600, flag: 'wx' }).catch(ignoreExisting);
  const config = await readConfigFile(file);
  const holds = (field: string) => !(field in config) || (asked?.has(field) ?? true);
  return { config, overrides: Object.fromEntries(Object.entries(fields).filter(([field]) => holds(field))) };
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
