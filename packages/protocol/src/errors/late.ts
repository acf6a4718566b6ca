import type { ErrorCode } from './catalogue.ts';
import { type ErrorDetails, GridError } from './grid-error.ts';

/**
 * Makes the error of an exceeded deadline from the deadline's length. `what` says what did not happen in time, and on
 * which object: "the guest of vm-1 did not bring its network card up".
 */
export const late =
  (code: ErrorCode, what: string, details: ErrorDetails = {}) =>
  (ms: number): GridError =>
    new GridError(code, `${what} within ${ms} ms`, { ...details, withinMs: ms });
