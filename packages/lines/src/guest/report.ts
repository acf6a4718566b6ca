/** Parses the runner's report into events. The guest is not trusted: a line of any other form becomes `noise`. */
import { isUtf8 } from 'node:buffer';

/** Longest text of attributes of one action, in bytes. */
export const ATTRIBUTES_LIMIT_BYTES = 65_536;

/** Longest text of a warning, of a failure of the runner, or of a line that is no report. */
export const NOTE_LIMIT_CHARS = 4_096;

export type RunnerEvent =
  /** The guest has its own identity, so its network may be opened. */
  | { readonly event: 'identity' }
  | { readonly event: 'begin'; readonly index: number; readonly attempt: number }
  /** The text that an action wrote to `$VMGRID_ATTRIBUTES`; without an index, that of the identity step. */
  | { readonly event: 'attributes'; readonly index: number | undefined; readonly text: string }
  | { readonly event: 'attributes-too-long'; readonly index: number | undefined }
  | { readonly event: 'attributes-not-utf-8'; readonly index: number | undefined }
  /**
   * Results of an action that a boot would lose, one to a line; the text may be cut. Sent only when the runner
   * observes.
   */
  | { readonly event: 'loses'; readonly index: number; readonly text: string }
  /** The last output of an attempt; never for a secret action. */
  | { readonly event: 'output'; readonly index: number; readonly text: string }
  /** The recover script begins. */
  | { readonly event: 'recovers'; readonly index: number }
  | { readonly event: 'recovered'; readonly index: number; readonly exitCode: number; readonly durationMs: number }
  | {
      readonly event: 'end';
      readonly index: number;
      readonly exitCode: number;
      readonly timedOut: boolean;
      /** The sum over all attempts. */
      readonly durationMs: number;
      readonly attempts: number;
    }
  /** The action ended well, and the machine is restarted. */
  | { readonly event: 'restarts'; readonly index: number }
  /** The machine was restarted: the action is done. */
  | { readonly event: 'restarted'; readonly index: number }
  /** The rest of the segment is not run, because this action failed. */
  | { readonly event: 'stopped'; readonly index: number }
  /** A problem that does not stop the guest from working. */
  | { readonly event: 'warning'; readonly text: string }
  /** The runner cannot continue. */
  | { readonly event: 'broken'; readonly text: string }
  /** All tasks are done. A report without it is incomplete. */
  | { readonly event: 'finished' }
  | { readonly event: 'noise'; readonly line: string };

/** Decodes UTF-8 that may be cut in the middle of a character. */
function decodeText(base64 = ''): string {
  const bytes = Buffer.from(base64, 'base64');
  let start = 0;
  while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.subarray(start).toString('utf8');
}

const noteOf = (text: string): string => text.slice(0, NOTE_LIMIT_CHARS);

const stepOf = (word: string | undefined): number | undefined => (word === '-' ? undefined : Number(word));

/** One form of line: the pattern after its name, and its event. */
interface Form {
  readonly words: RegExp;
  readonly read: (groups: readonly (string | undefined)[]) => RunnerEvent;
}

const TEXT = '([A-Za-z0-9+/=]*)';
const STEP = '(\\d{1,9})';
const STEP_OR_NONE = '(\\d{1,9}|-)';
const CODE = '(\\d{1,3})';
const DURATION = '(\\d{1,12})';

const form = (words: string, read: Form['read']): Form => ({ words: new RegExp(`^${words}$`), read });

const FORMS: readonly Form[] = [
  form('identity', () => ({ event: 'identity' })),
  form('finished', () => ({ event: 'finished' })),
  form(`begin ${STEP} ${CODE}`, ([index, attempt]) => ({
    event: 'begin',
    index: Number(index),
    attempt: Number(attempt),
  })),
  form(`attributes ${STEP_OR_NONE} ${TEXT}`, ([step, text]) => readAttributes(stepOf(step), text)),
  form(`attributes-too-long ${STEP_OR_NONE}`, ([step]) => ({ event: 'attributes-too-long', index: stepOf(step) })),
  form(`loses ${STEP} ${TEXT}`, ([index, text]) => ({ event: 'loses', index: Number(index), text: decodeText(text) })),
  form(`output ${STEP} ${TEXT}`, ([index, text]) => ({
    event: 'output',
    index: Number(index),
    text: decodeText(text),
  })),
  form(`recovers ${STEP}`, ([index]) => ({ event: 'recovers', index: Number(index) })),
  form(`restarts ${STEP}`, ([index]) => ({ event: 'restarts', index: Number(index) })),
  form(`restarted ${STEP}`, ([index]) => ({ event: 'restarted', index: Number(index) })),
  form(`recovered ${STEP} ${CODE} ${DURATION}`, ([index, exitCode, durationMs]) => ({
    event: 'recovered',
    index: Number(index),
    exitCode: Number(exitCode),
    durationMs: Number(durationMs),
  })),
  form(`end ${STEP} ${CODE} (yes|no) ${DURATION} ${CODE}`, ([index, exitCode, timedOut, durationMs, attempts]) => ({
    event: 'end',
    index: Number(index),
    exitCode: Number(exitCode),
    timedOut: timedOut === 'yes',
    durationMs: Number(durationMs),
    attempts: Number(attempts),
  })),
  form(`stopped ${STEP}`, ([index]) => ({ event: 'stopped', index: Number(index) })),
  form(`warning ${TEXT}`, ([text]) => ({ event: 'warning', text: noteOf(decodeText(text)) })),
  form(`broken ${TEXT}`, ([text]) => ({ event: 'broken', text: noteOf(decodeText(text)) })),
];

/** A byte order mark, which some tools put before a text, is not part of it. */
function readAttributes(index: number | undefined, base64 = ''): RunnerEvent {
  const bytes = Buffer.from(base64, 'base64');
  if (!isUtf8(bytes)) return { event: 'attributes-not-utf-8', index };
  return { event: 'attributes', index, text: new TextDecoder().decode(bytes) };
}

/** Parses one line of the runner's report. It never throws. */
export function parseReportLine(line: string): RunnerEvent {
  for (const { words, read } of FORMS) {
    const match = words.exec(line);
    if (match !== null) return read(match.slice(1));
  }
  return { event: 'noise', line: noteOf(line) };
}
