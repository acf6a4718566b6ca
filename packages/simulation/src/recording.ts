import { readFileSync } from 'node:fs';
import { RequestExport, validate } from '@vmgrid/protocol';

/** Reads a file of `vmgrid requests export`. @throws Error when it is something else, or has no requests */
export function readRecording(file: string): RequestExport {
  const recording = validate(RequestExport, JSON.parse(readFileSync(file, 'utf8')), { subject: file });
  if (recording.requests.length > 0) return recording;
  throw new Error(`${file} has no requests: the plants remember none yet`);
}
