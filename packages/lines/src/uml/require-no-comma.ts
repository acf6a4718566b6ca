import { realpath } from 'node:fs/promises';
import { GridError } from '@vmgrid/protocol';

/**
 * UML takes what follows a comma in the path of a disc for another file, and uml_mconsole makes each path absolute.
 * @throws GridError LINE_UNAVAILABLE
 */
export async function requireNoComma(folder: string): Promise<void> {
  const real = await realpath(folder);
  if (!real.includes(',')) return;
  const message = `User-Mode Linux takes no folder whose path has a comma: ${real}; configure another`;
  throw new GridError('LINE_UNAVAILABLE', message, { folder: real });
}
