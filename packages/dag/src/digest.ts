/**
 * The identity of an action: a SHA-256 digest over exactly those fields that change the machine. Histories on disk hold
 * these digests. So a change of the encoding needs a new `DOMAIN`, and invalidates the history of every golden image.
 *
 * Encoding: DOMAIN, then the fields in a fixed order for each kind. A field is its length in bytes (8 bytes,
 * big-endian) followed by its bytes; a list is its count (8 bytes likewise) followed by its fields. Hence two different
 * actions never share an encoding.
 *
 * The content of a file action enters as its own digest. Files have a DOMAIN of their own, since they were encoded
 * otherwise before.
 *
 * These count as equal on purpose: an absent mode or owner and the default one, `644` and `0644`, `root` and
 * `root:root`, base64, UTF-8 and upload of the same bytes, packages in another order or named twice (one transaction of
 * the package tool installs a set), environment variables in another order, absent and empty lists. Hints (id, timeout,
 * retries, onError, recover, secret, perMachine, freshness, comment) are left out. `reboot` is no hint, because it ends
 * what runs: it is a last field if it is set, and adds nothing if it is not.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { contentDigestOf, FILE_DEFAULTS } from './content.ts';
import { type Action, type FileAction, restartsMachine } from './schema.ts';

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
  if (restartsMachine(action)) field('reboot');
  return bytesToHex(hash.digest());
}

type Part = string | Uint8Array | string[];

/** Returns the machine-changing parts of an action in canonical form, in the order of its encoding. */
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

/** Returns names and values alternately, sorted by name. */
function environment(variables: Readonly<Record<string, string>> = {}): string[] {
  return Object.keys(variables)
    .sort()
    .flatMap((name) => [name, variables[name]!]);
}

const canonicalMode = ({ mode = FILE_DEFAULTS.mode }: FileAction): string => mode.padStart(4, '0');

/**
 * Adds root's group when it is left out. Other groups are known inside the guest only, so any other owner stays as
 * written.
 */
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
