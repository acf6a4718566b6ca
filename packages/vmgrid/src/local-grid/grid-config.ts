/**
 * Configuration files of the daemons of a grid on this machine: made when there is none, and the operator's from then
 * on.
 */
import { writeFile } from 'node:fs/promises';
import { readConfigFile } from '@vmgrid/daemon';

type Fields = Readonly<Record<string, unknown>>;

export interface DaemonFields {
  /** Where things lie: written into a new file. */
  readonly places: Fields;
  /** What else holds, unless the file says otherwise. */
  readonly fields: Fields;
  /** Names of those that hold whatever the file says: the operator asked for them just now. Left out: all. */
  readonly asked?: ReadonlySet<string> | undefined;
}

/**
 * What a daemon starts with: `config` is what its file has, `overrides` what goes before it. A file that is there is
 * not changed.
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
