import type { ErrorCode } from './catalogue.ts';
import { type ErrorDetails, GridError } from './grid-error.ts';

/**
 * The error of a deadline, made from its length when it is over. `what` is what did not happen by then, and to which
 * object: "the guest of vm-1 did not bring its network card up".
 */
export const late =
  (code: ErrorCode, what: string, details: ErrorDetails = {}) =>
  (ms: number): GridError =>
    new GridError(code, `${what} within ${ms} ms`, { ...details, withinMs: ms });
