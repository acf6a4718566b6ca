import type { FileAction } from './schema.ts';

/** What a file action means where it says nothing. */
export const FILE_DEFAULTS = { mode: '0644', owner: 'root:root', encoding: 'utf-8' } as const;

/**
 * The bytes a file action puts into the guest; undefined when its content is not the base64 it claims to be. White
 * space inside base64 is skipped (XML wraps lines), padding may be left out.
 */
export function fileBytes(action: Pick<FileAction, 'content' | 'encoding'>): Uint8Array | undefined {
  if ((action.encoding ?? FILE_DEFAULTS.encoding) === 'utf-8') return new TextEncoder().encode(action.content);
  try {
    return Uint8Array.from(atob(action.content), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
