import { test } from '@jest/globals';

type Body = () => void | Promise<void>;

/**
 * `test`, or, where there is a reason why it cannot run here, a test that is skipped. The title carries the reason: a
 * test that is skipped without one counts as failed (summary-reporter.mjs).
 */
export function testUnless(why: string | undefined): (title: string, body: Body, timeoutMs?: number) => void {
  if (why === undefined) return test;
  return (title, body, timeoutMs) => test.skip(`${title} [skipped: ${why.replaceAll('\n', ' ')}]`, body, timeoutMs);
}

/** Why a test that is about users of machines cannot run here. */
export const WHY_NO_HOST_USERS =
  process.getuid?.() === 0 ? undefined : 'only when the plant is root has each machine a user of its own';
