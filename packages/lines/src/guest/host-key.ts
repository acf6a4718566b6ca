import { generateKeyPairSync, randomBytes } from 'node:crypto';

const TYPE = 'ssh-ed25519';
const MAGIC = 'openssh-key-v1\0';
const LINE_CHARS = 70;
/** An unencrypted key is padded to the block size of the cipher "none". */
const BLOCK_BYTES = 8;

/** An ssh host key in the formats of OpenSSH's files. */
export interface HostKey {
  /** `openssh-key-v1` (OpenSSH, PROTOCOL.key), not encrypted. */
  readonly privateKey: string;
  /** One line: type, key in base64, comment. */
  readonly publicKey: string;
}

/** Encodes a string of the ssh protocol (RFC 4251, 5): its length in bytes, then the bytes. */
function field(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** The same number twice shows a reader that it decrypted correctly. */
function privateSection(seed: Buffer, point: Buffer, comment: string): Buffer {
  const check = randomBytes(4);
  const key = [field(TYPE), field(point), field(Buffer.concat([seed, point])), field(comment)];
  const section = Buffer.concat([check, check, ...key]);
  const padding = (BLOCK_BYTES - (section.length % BLOCK_BYTES)) % BLOCK_BYTES;
  return Buffer.concat([section, Buffer.from(Array.from({ length: padding }, (_, index) => index + 1))]);
}

function armour(content: Buffer): string {
  const lines = content.toString('base64').match(new RegExp(`.{1,${LINE_CHARS}}`, 'g')) ?? [];
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n');
}

/** Makes a new ed25519 host key. */
export function makeHostKey(comment: string): HostKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(d, 'base64url');
  const point = Buffer.from(x, 'base64url');
  const publicBlob = Buffer.concat([field(TYPE), field(point)]);
  const one = Buffer.from([0, 0, 0, 1]);
  const file = Buffer.concat([
    Buffer.from(MAGIC),
    ...[field('none'), field('none'), field(''), one, field(publicBlob)],
    field(privateSection(seed, point, comment)),
  ]);
  return { privateKey: armour(file), publicKey: `${TYPE} ${publicBlob.toString('base64')} ${comment}\n` };
}
