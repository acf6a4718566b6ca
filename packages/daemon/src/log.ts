import { type Logger, pino } from 'pino';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A JSON log on standard error, one line an event. Requests are logged by id, never by content. */
export function createLog(name: string, level: LogLevel): Log {
  return pino(
    {
      name,
      level,
      serializers: { err: describeThrown },
      base: { name, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

/** An error by its name, code, words and stack. Never by its other fields: they may hold what a guest or client said. */
function describeThrown(thrown: unknown): object {
  if (!(thrown instanceof Error)) return { message: String(thrown) };
  const { name, message, stack, cause } = thrown;
  const code = 'code' in thrown ? { code: thrown.code } : {};
  return { name, ...code, message, stack, ...(cause === undefined ? {} : { cause: describeThrown(cause) }) };
}
