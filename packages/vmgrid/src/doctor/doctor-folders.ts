/** Whether the machines of `vmgrid up` could reach their files, for `vmgrid doctor`. */
import { type ClosedFolder, folderInTheWay, type Home } from '@vmgrid/daemon';
import { plantState } from '../local-grid/grid.ts';

export interface FoldersFinding {
  /** The folder that is closed to the users under whom machines run; undefined when none is in their way. */
  readonly closed: ClosedFolder | undefined;
  /** The consequence, and the next step. */
  readonly note: string;
}

/** As a plant looks that starts. Machines of a plant that is not root run under its own user. */
export function examineFolders({ grid, warehouse }: Home, isRoot = process.getuid?.() === 0): FoldersFinding {
  const ways = isRoot ? [plantState(grid, 'plant-1'), warehouse] : [];
  for (const way of ways) {
    const closed = folderInTheWay(way);
    if (!closed) continue;
    const { path, mode } = closed;
    const wrong = `the users under whom machines run cannot pass through ${path} (mode ${mode}) to ${way}`;
    return { closed, note: `${wrong}: chmod o+x ${path}` };
  }
  return { closed: undefined, note: 'no folder is in the way of machines' };
}
