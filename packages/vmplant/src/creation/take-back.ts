import type { Log, UndoStack } from '@vmgrid/daemon';

/**
 * Undoes everything that was acquired. A failure of an undo is logged with its object, because nobody else can be told.
 */
export async function takeBack(undo: UndoStack, log: Log, about: Readonly<Record<string, string>>): Promise<void> {
  for (const { step, cause } of await undo.unwind()) log.error({ err: cause, ...about, step }, 'an undo failed');
}
