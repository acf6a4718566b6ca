import type { Log, UndoStack } from '@vmgrid/daemon';

/** Takes back all that was acquired. What cannot be is logged, with what it was for: nobody can be told of it. */
export async function takeBack(undo: UndoStack, log: Log, about: Readonly<Record<string, string>>): Promise<void> {
  for (const { step, cause } of await undo.unwind()) log.error({ err: cause, ...about, step }, 'an undo failed');
}
