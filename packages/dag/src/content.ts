import type { FileAction } from './schema.ts';

/** The values of a file action's optional fields when they are left out. */
export const FILE_DEFAULTS = { mode: '0644', owner: 'root:root', encoding: 'utf-8' } as const;

/**
 * Returns the bytes that a file action writes into the guest; undefined when its content is not valid base64. White
 * space inside base64 is skipped (XML wraps lines); padding may be left out.
 */
export function fileBytes(action: Pick<FileAction, 'content' | 'encoding'>): Uint8Array | undefined {
  if ((action.encoding ?? FILE_DEFAULTS.encoding) === 'utf-8') return new TextEncoder().encode(action.content);
  try {
    return Uint8Array.from(atob(action.content), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
