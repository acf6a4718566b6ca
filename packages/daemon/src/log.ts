import { type Logger, pino } from 'pino';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Of lines that wait because the disk of the log is full; later ones are dropped. */
const MOST_WAITING_CHARS = 1_048_576;

/**
 * A JSON log on standard error, one line an event. Requests are logged by id, never by content. A log that cannot be
 * written keeps nobody from work.
 */
export function createLog(name: string, level: LogLevel): Log {
  const destination = pino.destination({ dest: 2, sync: true, maxLength: MOST_WAITING_CHARS });
  destination.on('error', () => undefined);
  return pino(
    {
      name,
      level,
      serializers: { err: describeThrown },
      base: { name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination,
  );
}

/**
 * An error by its name, code, words and stack. Never by its other fields: they may hold what a guest or client said.
 */
function describeThrown(thrown: unknown): object {
  if (!(thrown instanceof Error)) return { message: String(thrown) };
  const { name, message, stack, cause } = thrown;
  const code = 'code' in thrown ? { code: thrown.code } : {};
  return { name, ...code, message, stack, ...(cause === undefined ? {} : { cause: describeThrown(cause) }) };
}
