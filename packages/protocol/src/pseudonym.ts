import { createHmac } from 'node:crypto';

const PSEUDONYM_CHARS = 32;

/**
 * Returns the pseudonym of a digest or id in exported data. Equal ones stay equal under one key. From a digest itself a
 * short script could be guessed, word by word; from a pseudonym it cannot without the key.
 */
export const pseudonymOf = (pseudonymKey: string, digest: string): string =>
  createHmac('sha256', pseudonymKey).update(digest).digest('hex').slice(0, PSEUDONYM_CHARS);
