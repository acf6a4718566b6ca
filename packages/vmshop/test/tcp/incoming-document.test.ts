import { expect, test } from '@jest/globals';
import { GridError } from '@vmgrid/protocol';
import fc from 'fast-check';
import { IncomingDocument } from '../../src/tcp/incoming-document.ts';

const LIMIT = { bytes: 40, owner: 'ada' };

/** Returns the result of bytes in these pieces: who sent which document, or why it is refused. */
async function outcomeOf(pieces: readonly Buffer[]): Promise<object> {
  const refused = Promise.withResolvers<never>();
  const incoming = new IncomingDocument<string>({
    admit: async (token) => {
      if (token === undefined) throw new GridError('UNAUTHENTICATED', 'who?');
      return token;
    },
    limitOf: () => LIMIT,
    refuse: refused.reject,
  });
  for (const piece of pieces) incoming.add(piece);
  try {
    const { who, document } = await Promise.race([incoming.end(), refused.promise]);
    return { who, document: document.toString() };
  } catch (error) {
    return { refused: GridError.from(error).code };
  }
}

const cutAt = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
};

test('wherever what a client sends is cut, it is the same token and document, or the same refusal', async () => {
  const tokens = fc.stringMatching(/^[a-zA-Z0-9_]{1,60}$/);
  const sent = fc.tuple(fc.option(tokens), fc.string({ maxLength: 60 }), fc.array(fc.nat(200), { maxLength: 20 }));
  await fc.assert(
    fc.asyncProperty(sent, async ([token, text, cuts]) => {
      const document = `<${text}`;
      const bytes = Buffer.from(token === null ? document : `${token}\n${document}`);
      const isTooLong = Buffer.byteLength(document) > LIMIT.bytes;
      const expected = isTooLong ? { refused: 'QUOTA_BODY' } : { who: token, document };
      expect(await outcomeOf(cutAt(bytes, cuts))).toEqual(token === null ? { refused: 'UNAUTHENTICATED' } : expected);
    }),
  );
});
