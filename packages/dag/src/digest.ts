/**
 * Identity of an action: SHA-256 over exactly what changes the machine. Histories on disk hold these digests, so the
 * encoding never changes but with a new `DOMAIN`, which forgets every golden image's history.
 *
 * Encoding: DOMAIN, then fields in a fixed order per kind. A field is its length in bytes (8 bytes, big-endian) and
 * its bytes; a list is its count (the same 8 bytes) and its fields. Hence two different actions never share an
 * encoding.
 *
 * Of a file action the content stands as its own digest. Files have a DOMAIN of their own: they had another encoding
 * once.
 *
 * Equal on purpose: absent and default mode or owner, `644` and `0644`, `root` and `root:root`, base64, UTF-8 and upload
 * of the same bytes, packages in another order or twice (one transaction of the package tool installs a set),
 * environment variables in another order, absent and empty lists. Hints (id, timeout, retries, onError, recover,
 * secret, perMachine, freshness, comment) are left out.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { contentDigestOf, FILE_DEFAULTS } from './content.ts';
import type { Action, FileAction } from './schema.ts';

const DOMAIN = 'vmgrid-action-1';
const DOMAIN_OF_FILES = 'vmgrid-action-2';

/** Digest of what an action does to the machine: 64 lowercase hexadecimal digits. */
export function digestAction(action: Action): string {
  const hash = sha256.create();
  const number = (value: number) => hash.update(eightBytes(value));
  const field = (value: string | Uint8Array) => {
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
    number(bytes.length);
    hash.update(bytes);
  };
  const list = (values: readonly string[]) => {
    number(values.length);
    for (const value of values) field(value);
  };
  field(action.kind === 'file' ? DOMAIN_OF_FILES : DOMAIN);
  field(action.kind);
  for (const part of partsOf(action)) {
    if (Array.isArray(part)) list(part);
    else field(part);
  }
  return bytesToHex(hash.digest());
}

type Part = string | Uint8Array | string[];

/** The machine-changing parts of an action in canonical form, in the order of its encoding. */
function partsOf(action: Action): Part[] {
  switch (action.kind) {
    case 'script':
      return [action.script, environment(action.environment)];
    case 'file':
      return [action.path, canonicalMode(action), canonicalOwner(action), contentOf(action)];
    case 'package':
      return [[...new Set(action.packages)].sort(), environment(action.environment)];
    case 'host':
      return [action.name, [...(action.arguments ?? [])]];
    default:
      return action satisfies never;
  }
}

/** Names and values alternating, by name. */
function environment(variables: Readonly<Record<string, string>> = {}): string[] {
  return Object.keys(variables)
    .sort()
    .flatMap((name) => [name, variables[name]!]);
}

const canonicalMode = ({ mode = FILE_DEFAULTS.mode }: FileAction): string => mode.padStart(4, '0');

/** Only root's group is known without looking into the guest, so any other owner stays as it is written. */
const canonicalOwner = ({ owner = FILE_DEFAULTS.owner }: FileAction): string =>
  owner === 'root' ? 'root:root' : owner;

function contentOf(action: FileAction): string {
  const digest = contentDigestOf(action);
  if (digest === undefined) throw new Error(`content of action ${action.id} is not base64; checkDag comes first`);
  return digest;
}

function eightBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}
