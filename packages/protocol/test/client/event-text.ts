import type { ServerSentEvent } from '../../src/client/server-sent-events.ts';

/** The text of one event. `data` may have several lines. */
export function eventText({ event, data }: ServerSentEvent): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `event: ${event}\n${lines.join('')}\n`;
}
