/** Allows one `vmgrid up` of a folder at a time. A second one is told about the first. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, openOwnDatabase, readFileIfAny, writeFileAtomically } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';

export interface GridClaim {
  /** Writes down the shop's address for later ones. */
  openAt(shopUrl: string): Promise<void>;
  release(): void;
}

/** The kernel frees the claim when this process ends. @throws GridError STATE_LOCKED */
export async function claimGrid(directory: string): Promise<GridClaim> {
  makeFolder(directory, 0o755);
  const note = join(directory, 'running.json');
  const running = await readFileIfAny(note);
  const claim = openOwnDatabase(join(directory, 'up.sqlite'), {
    schema: 'CREATE TABLE IF NOT EXISTS claim (held);',
    inUse: (cause) => new GridError('STATE_LOCKED', inUse(directory, running), { directory }, { cause }),
  });
  await rm(note, { force: true }); // of a grid that ran before this one
  return {
    openAt: (shop) => writeFileAtomically(note, JSON.stringify({ shop, process: process.pid })),
    release: () => claim.close(),
  };
}

function inUse(directory: string, running: string | undefined): string {
  if (running === undefined) return `a grid is starting from ${directory}`;
  const { shop, process } = JSON.parse(running);
  return `a grid runs from ${directory} already: its shop is at ${shop}, its \`vmgrid up\` is process ${process}`;
}
