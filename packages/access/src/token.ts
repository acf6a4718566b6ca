/** Tokens of clients: random, and known to a daemon by their digest only. */
import { createHash, randomBytes } from 'node:crypto';

/** Tells people, and scanners for leaked secrets, what the text is. */
const PREFIX = 'vmg_';
/** 256 bits: no search finds one, so a plain hash protects it as well as a slow one. */
const SECRET_BYTES = 32;
const SECRET_CHARS = Math.ceil((SECRET_BYTES * 8) / 6);
const FORM = new RegExp(`^${PREFIX}[A-Za-z0-9_-]{${SECRET_CHARS}}$`);

export const makeToken = (random: (bytes: number) => Buffer = randomBytes): string =>
  `${PREFIX}${random(SECRET_BYTES).toString('base64url')}`;

export const isToken = (text: string): boolean => FORM.test(text);

export const digestToken = (token: string): string => createHash('sha256').update(token).digest('hex');
