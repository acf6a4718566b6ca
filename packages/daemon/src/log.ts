import { type Logger, pino } from 'pino';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Limit for the log lines that wait while the log's disk is full; later lines are dropped. */
const MOST_WAITING_CHARS = 1_048_576;

/**
 * Makes a JSON log on standard error, with one line for each event. Requests are logged by id, never by content. A log
 * that cannot be written stops nobody's work.
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
 * Describes an error by its name, code, message and stack. Other fields are left out: they may hold data from a guest
 * or client.
 */
function describeThrown(thrown: unknown): object {
  if (!(thrown instanceof Error)) return { message: String(thrown) };
  const { name, message, stack, cause } = thrown;
  const code = 'code' in thrown ? { code: thrown.code } : {};
  return { name, ...code, message, stack, ...(cause === undefined ? {} : { cause: describeThrown(cause) }) };
}
