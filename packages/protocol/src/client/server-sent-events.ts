/** Reads Server-Sent Events (WHATWG HTML, section 9.2), in which a shop sends the progress of a request. */
import { createParser } from 'eventsource-parser';
import { GridError } from '../errors/grid-error.ts';
import { CLIENT_LIMITS } from '../limits.ts';

export interface ServerSentEvent {
  /** `message` when the stream does not name the event. */
  readonly event: string;
  readonly data: string;
}

/** Yields the events of a stream. Throws GridError LINK_PROTOCOL when an unfinished one is over the size limit. */
export async function* decodeServerSentEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const arrived: ServerSentEvent[] = [];
  const parser = createParser({
    maxBufferSize: CLIENT_LIMITS.eventChars,
    onEvent: ({ event = 'message', data }) => void arrived.push({ event, data }),
    onError: ({ type }) => {
      if (type === 'max-buffer-size-exceeded') throw tooLong();
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of bytes) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    yield* arrived.splice(0);
  }
}

const tooLong = (): GridError =>
  new GridError('LINK_PROTOCOL', `a server-sent event is over ${CLIENT_LIMITS.eventChars} characters`);
