import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConfigDiscPlan, writeConfigDisc } from '@vmgrid/lines';
import { v4 as uuid } from 'uuid';
import type { UploadedFiles } from '../files/uploaded-files.ts';

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

/** Discs as files, with the uploaded files that actions name. */
export const discFiles = (uploads: Pick<UploadedFiles, 'find'>): ConfigDiscStore => ({
  prepare(directory, plan) {
    const path = join(directory, `config-${uuid()}.iso`);
    const uploaded = (contentDigest: string) => uploads.find(contentDigest, directory);
    const written = writeConfigDisc(path, { ...plan, uploaded });
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

  removeAll: removeDiscs,
});

/** Removes what a plant that was killed left. */
export async function removeDiscs(directory: string): Promise<void> {
  const discs = (await readdir(directory)).filter((name) => DISC_NAME.test(name));
  await Promise.all(discs.map((name) => rm(join(directory, name), { force: true })));
}
