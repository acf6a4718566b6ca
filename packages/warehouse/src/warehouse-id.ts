import { readFileIfAny, writeFileAtomically } from '@vmgrid/daemon';
import { v4 as uuid } from 'uuid';

/**
 * Returns the id that identifies a warehouse. It is read from its file, which is made when it does not exist. Call it
 * only under the lock.
 */
export async function identifyWarehouse(file: string): Promise<string> {
  const known = (await readFileIfAny(file))?.trim();
  if (known) return known;
  const made = uuid();
  await writeFileAtomically(file, `${made}\n`, 0o644);
  return made;
}
