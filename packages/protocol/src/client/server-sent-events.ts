/** Reads Server-Sent Events (WHATWG HTML, section 9.2), in which a shop sends the progress of a request. */
import { GridError } from '../errors/grid-error.ts';
import { CLIENT_LIMITS } from '../limits.ts';

export interface ServerSentEvent {
  /** `message` when the stream does not name the event. */
  readonly event: string;
  readonly data: string;
}

/** The events of a stream. Throws GridError LINK_PROTOCOL when one is over the size limit. */
export async function* decodeServerSentEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  let event = 'message';
  let data: string[] = [];
  let chars = 0;
  for await (const line of linesOf(bytes)) {
    if (line === '') {
      if (data.length > 0) yield { event, data: data.join('\n') };
      event = 'message';
      data = [];
      chars = 0;
      continue;
    }
    const [name, value] = fieldOf(line);
    if (name === 'event') event = value;
    if (name === 'data') data.push(value);
    chars += line.length;
    requireSize(chars);
  }
}

function fieldOf(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(':');
  if (colon === -1) return [line, ''];
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
}

async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of bytes) {
    rest += decoder.decode(chunk, { stream: true });
    // A carriage return at the end may be the first half of a line end.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    yield* lines;
    requireSize(rest.length);
  }
}

function requireSize(chars: number): void {
  if (chars <= CLIENT_LIMITS.eventChars) return;
  throw new GridError('LINK_PROTOCOL', `a server-sent event is over ${CLIENT_LIMITS.eventChars} characters`);
}
