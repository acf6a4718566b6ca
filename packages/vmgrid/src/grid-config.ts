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
  /** What holds unless the file says otherwise. */
  readonly assumed: Fields;
  /** What holds whatever the file says: the operator asked for it just now. */
  readonly given: Fields;
}

/**
 * What a daemon starts with: `config` is what its file has, `overrides` what goes before it. A file that is there is
 * not changed.
 * @throws ConfigError
 */
export async function settleConfig(file: string, { places, assumed, given }: DaemonFields) {
  await writeFile(file, `${JSON.stringify(places, null, 2)}\n`, { mode: 0o600, flag: 'wx' }).catch(ignoreExisting);
  const config = await readConfigFile(file);
  const missing = Object.entries(assumed).filter(([field]) => !(field in config));
  return { config, overrides: { ...Object.fromEntries(missing), ...given } };
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
