import { readFileIfAny, writeFileAtomically } from '@vmgrid/daemon';
import { v4 as uuid } from 'uuid';

/**
 * What tells a warehouse from every other: read from its file, which is made when there is none. Under the lock only.
 */
export async function identifyWarehouse(file: string): Promise<string> {
  const known = (await readFileIfAny(file))?.trim();
  if (known) return known;
  const made = uuid();
  await writeFileAtomically(file, `${made}\n`, 0o644);
  return made;
}
