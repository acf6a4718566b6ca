import { createHmac } from 'node:crypto';

const PSEUDONYM_CHARS = 32;

/**
 * Stands for a digest or id in what is given away: equal ones stay equal under one key. From a digest itself a short
 * script could be guessed, word by word; without the key nothing can be from this.
 */
export const pseudonymOf = (pseudonymKey: string, digest: string): string =>
  createHmac('sha256', pseudonymKey).update(digest).digest('hex').slice(0, PSEUDONYM_CHARS);
