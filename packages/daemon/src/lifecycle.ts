/**
 * The life of a daemon process: start, run until told to stop, drain, exit.
 *
 *   starting → running → draining → exited
 *
 * SIGTERM or SIGINT starts the drain. A second signal, or the drain deadline, ends the process at once. SIGHUP ends
 * nothing: the daemon reloads files that may change without a restart.
 */
import { within } from './async/deadline.ts';
import type { Log } from './log.ts';

export interface RunningDaemon {
  /** Accepts no more work, lets running work finish or hands it over, and closes. Ends early when the signal aborts. */
  drain(signal: AbortSignal): Promise<void>;
}

/** Longest time from the stop signal to the end of the process. */
export const DRAIN_DEADLINE_MS = 8_000;

/** Runs a daemon until a stop signal has been served; resolves with the exit status. `look`: called at SIGHUP. */
export async function runDaemon(
  start: () => Promise<RunningDaemon>,
  log: Log,
  look: () => void = () => undefined,
): Promise<number> {
  process.on('SIGHUP', () => {
    log.info(
      'SIGHUP: certificates and their revocation list are read again; other changes of the configuration need a restart',
    );
    look();
  });
  const stop = nextStopSignal();
  const daemon = await start();
  const cause = await stop;
  log.info({ cause, deadlineMs: DRAIN_DEADLINE_MS }, 'draining');
  const limit = { ms: DRAIN_DEADLINE_MS, signal: abortOnNextStopSignal(), late };
  const outcome = await within(limit, async (until) => {
    const outOfTime = new Promise<'late'>((resolve) => until.addEventListener('abort', () => resolve('late')));
    return Promise.race([daemon.drain(until).then(() => 'drained' as const), outOfTime]);
  });
  log.info({ outcome }, 'stopped');
  return outcome === 'drained' ? 0 : 1;
}

const late = (ms: number): Error => new Error(`the daemon did not drain within ${ms} ms`);

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

function nextStopSignal(): Promise<string> {
  return new Promise((resolve) => {
    const heard = (signal: string) => {
      for (const name of STOP_SIGNALS) process.off(name, heard);
      resolve(signal);
    };
    for (const name of STOP_SIGNALS) process.on(name, heard);
  });
}

function abortOnNextStopSignal(): AbortSignal {
  const controller = new AbortController();
  void nextStopSignal().then(() => controller.abort(new Error('second stop signal')));
  return controller.signal;
}
