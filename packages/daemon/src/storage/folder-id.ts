import { randomUUID } from 'node:crypto';
import { readFileIfAny, writeFileAtomically } from './files.ts';

/**
 * Returns the id that identifies a folder, wherever it is moved. It is read from its file, which is made when it does
 * not exist. Call it only while no other process can.
 */
export async function identifyFolder(file: string): Promise<string> {
  const known = (await readFileIfAny(file))?.trim();
  if (known) return known;
  const made = randomUUID();
  await writeFileAtomically(file, `${made}\n`, 0o644);
  return made;
}
