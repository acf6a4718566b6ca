import { readFileSync } from 'node:fs';
import type { Recording } from './replay.ts';

/** Reads recorded requests: one a line as plants keep them, or an object of `requests` and `images`. @throws Error */
export function readRecording(file: string): Recording {
  const text = readFileSync(file, 'utf8').trim();
  const whole = parsed(text);
  const recording = isRecording(whole)
    ? { requests: whole.requests, images: whole.images ?? [] }
    : { images: [], requests: text.split('\n').map((line) => JSON.parse(line)) };
  const first = recording.requests[0];
  if (first && typeof first.at === 'number' && Array.isArray(first.actions)) return recording;
  throw new Error(`${file} has no recorded requests: one a line, or an object with "requests" and "images"`);
}

const isRecording = (value: unknown): value is Pick<Recording, 'requests'> & Partial<Recording> =>
  typeof value === 'object' && value !== null && 'requests' in value && Array.isArray(value.requests);

/** Undefined when the text is not one JSON value. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
