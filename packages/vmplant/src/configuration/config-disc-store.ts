import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConfigDiscPlan, writeConfigDisc } from '@vmgrid/lines';
import { v4 as uuid } from 'uuid';

/** A configuration disc that is being written. */
export interface PreparedDisc {
  readonly path: string;
  readonly written: Promise<void>;
  /** Resolves when the disc has been written or has failed, and nothing of it is left. */
  discard(): Promise<void>;
}

/** Configuration discs in machines' folders; each run has its own. */
export interface ConfigDiscStore {
  /** Starts to write a disc into a machine's folder. */
  prepare(directory: string, plan: ConfigDiscPlan): PreparedDisc;
  /** Removes the discs that a killed plant left in a machine's folder, because they may hold secrets. */
  removeAll(directory: string): Promise<void>;
}

const DISC_NAME = /^config-[0-9a-f-]{36}\.iso$/;

/** Discs as files. */
export const discFiles: ConfigDiscStore = {
  prepare(directory, plan) {
    const path = join(directory, `config-${uuid()}.iso`);
    const written = writeConfigDisc(path, plan);
    written.catch(() => undefined); // whoever configures with it hears of it
    return {
      path,
      written,
      async discard() {
        await written.catch(() => undefined);
        await rm(path, { force: true });
      },
    };
  },

  async removeAll(directory) {
    const discs = (await readdir(directory)).filter((name) => DISC_NAME.test(name));
    await Promise.all(discs.map((name) => rm(join(directory, name), { force: true })));
  },
};
