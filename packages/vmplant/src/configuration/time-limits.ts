import { type Action, restartsMachine } from '@vmgrid/dag';
import { parseDuration } from '@vmgrid/protocol';

/** Time limit of an action without one: packages come over a network, other actions do not. */
export const DEFAULT_TIMEOUT_MS: Readonly<Record<Action['kind'], number>> = {
  script: 600_000,
  file: 60_000,
  package: 1_800_000,
  host: 60_000,
};

/** Milliseconds that the guest gets in addition to the actions: to mount the disc, end its boot, and report. */
const ALLOWANCE_MS = 120_000;

/** Returns the time limit of one attempt. */
export const timeoutMs = (action: Action): number =>
  action.timeout === undefined ? DEFAULT_TIMEOUT_MS[action.kind] : parseDuration(action.timeout);

/** For a guest to shut down: systemd gives a unit 90 s to stop. */
export const SHUTDOWN_MS = 120_000;

/**
 * The most that the actions can take with all their attempts, recoveries and restarts: a guest silent for longer is
 * not at work. `bootMs`: the longest that a boot may take.
 */
export function longestMs(actions: readonly Action[], bootMs: number): number {
  const each = (action: Action) => {
    const attempts = (action.retries ?? 0) + 1;
    const restartMs = restartsMachine(action) ? SHUTDOWN_MS + bootMs : 0;
    return timeoutMs(action) * attempts * (action.recover === undefined ? 1 : 2) + restartMs;
  };
  return actions.reduce((sum, action) => sum + each(action), ALLOWANCE_MS);
}
