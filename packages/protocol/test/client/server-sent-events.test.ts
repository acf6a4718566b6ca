import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeServerSentEvents, type ServerSentEvent } from '../../src/client/server-sent-events.ts';
import { eventText } from './event-text.ts';

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function decode(text: string, size = 1_000): Promise<ServerSentEvent[]> {
  const events: ServerSentEvent[] = [];
  for await (const event of decodeServerSentEvents(inPieces(text, size))) events.push(event);
  return events;
}

test('lines may end in LF, CR LF or CR, comments and unknown fields are skipped', async () => {
  const text = ': hello\nid: 7\r\ndata: a\rdata:b\n\nevent: e\ndata\n\ndata: unfinished';
  await expect(decode(text)).resolves.toEqual([
    { event: 'message', data: 'a\nb' },
    { event: 'e', data: '' },
  ]);
});

test('events survive being cut anywhere', async () => {
  const event = fc.record({
    event: fc.stringMatching(/^[a-z]+$/),
    data: fc.string({ unit: 'binary' }).map((data) => data.replace(/\r\n?/g, '\n')),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(event), fc.integer({ min: 1, max: 9 }), async (events, size) => {
      expect(await decode(events.map(eventText).join(''), size)).toEqual(events);
    }),
  );
});

test('an event over the size limit is LINK_PROTOCOL', async () => {
  await expect(decode(`data: ${'x'.repeat(2_000_000)}`, 65_536)).rejects.toMatchObject({ code: 'LINK_PROTOCOL' });
  await expect(decode('data: xxxxxxxxx\n'.repeat(150_000), 65_536)).rejects.toMatchObject({ code: 'LINK_PROTOCOL' });
});
