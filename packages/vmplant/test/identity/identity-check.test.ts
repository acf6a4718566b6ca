import { expect, test } from '@jest/globals';
import { IdentityCheck, type IdentityCheckDeps } from '../../src/identity/identity-check.ts';

test('an image of a line that the plant does not have is refused before anything is acquired', async () => {
  // Everything else that is asked for is missing.
  const check = new IdentityCheck({ execution: { lines: new Map() } } as unknown as IdentityCheckDeps);
  const image = { manifest: { id: 'octave', line: 'uml' } } as never;
  const asked = { requestId: 'request', identity: true };
  await expect(check.sharedBy(image, asked, new AbortController().signal)).rejects.toMatchObject({
    code: 'LINE_UNAVAILABLE',
    message: 'this plant cannot start octave: it has no line uml',
  });
});
