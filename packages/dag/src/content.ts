import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Dag, FileAction } from './schema.ts';

/** The values of a file action's optional fields when they are left out. */
export const FILE_DEFAULTS = { mode: '0644', owner: 'root:root', encoding: 'utf-8' } as const;

type Content = Pick<FileAction, 'content' | 'encoding'>;

/**
 * Returns the bytes that the text of a file action stands for; undefined when it is not valid base64. White space
 * inside base64 is skipped (XML wraps lines); padding may be left out.
 */
export function fileBytes({ content = '', encoding = FILE_DEFAULTS.encoding }: Content): Uint8Array | undefined {
  if (encoding === 'utf-8') return new TextEncoder().encode(content);
  const binary = decodedBase64(content);
  if (binary === undefined) return undefined;
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = binary.charCodeAt(at); // `Uint8Array.from` takes far longer
  return bytes;
}

/** A character for each byte; undefined where the text is not valid base64. */
function decodedBase64(text: string): string | undefined {
  try {
    return atob(text);
  } catch {
    return undefined;
  }
}

/** The digest of what a file action puts into the guest, uploaded or not; undefined where `fileBytes` is. */
export function contentDigestOf(action: Content & Pick<FileAction, 'contentDigest'>): string | undefined {
  if (action.contentDigest !== undefined) return action.contentDigest;
  const bytes = fileBytes(action);
  return bytes && `sha256:${bytesToHex(sha256(bytes))}`;
}

/** The digests of the uploaded files that DAGs name, each once. */
export function uploadsIn(...dags: readonly (Dag | undefined)[]): readonly string[] {
  const actions = dags.flatMap((dag) => dag?.actions ?? []);
  return [...new Set(actions.flatMap((action) => (action.kind === 'file' ? (action.contentDigest ?? []) : [])))];
}
