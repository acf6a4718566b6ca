import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runFolder } from '../process/run-folder.ts';
import { NETWORK_ORDERS, NETWORK_SOCKET, pipesOf, UML_ID } from './layout.ts';

/** Removes the pipes and sockets that a UML left behind. `rm` removes a link itself, not what it leads to. */
export async function removePipes(directory: string): Promise<void> {
  const folder = runFolder(directory);
  const names = [UML_ID, NETWORK_SOCKET, NETWORK_ORDERS];
  const paths = [...pipesOf(directory), ...names.map((name) => join(folder, name))];
  await Promise.all(paths.map((path) => rm(path, { recursive: true, force: true })));
}
