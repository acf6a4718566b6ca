import { folderInTheWay } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';

/** Folders of a plant's configuration that users other than the plant's must reach. */
interface SharedFolders {
  readonly lines: readonly string[];
  readonly stateDirectory: string;
  readonly warehouseDirectory: string;
  readonly hostActionDirectory?: string;
}

/**
 * When a plant runs as root, machines run as users of their own and host actions as nobody: these must be able to pass
 * through every folder above what they use. @throws GridError FOLDER_CLOSED, which names the folder in the way
 */
export function requirePassage({ lines, ...folders }: SharedFolders): void {
  if (process.getuid?.() !== 0) return;
  const { stateDirectory, warehouseDirectory, hostActionDirectory } = folders;
  const forMachines = lines.some((line) => line !== 'simulated') ? { stateDirectory, warehouseDirectory } : {};
  for (const [field, path] of Object.entries({ ...forMachines, hostActionDirectory })) {
    const closed = path === undefined ? undefined : folderInTheWay(path);
    if (closed === undefined) continue;
    const { path: folder, mode } = closed;
    const who = 'the users under whom machines and host actions run';
    const message = `${field} ${path}: ${who} cannot pass through ${folder} (mode ${mode})`;
    throw new GridError('FOLDER_CLOSED', message, { field, path, folder, mode });
  }
}
