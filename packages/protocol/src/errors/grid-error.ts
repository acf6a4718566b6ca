import { ERROR_CATALOGUE, type ErrorCode, type ErrorKind, isErrorCode } from './catalogue.ts';
import { exhaustionOf, systemDetails } from './exhaustion.ts';

export type ErrorDetails = Readonly<Record<string, unknown>>;

/** The form of an error on the wire. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly details: ErrorDetails;
}

/**
 * An operating error: a person or program outside can act on it. The message says what failed, on which object, and the
 * actual value against the limit. Programmer errors are plain `Error`s and cross a wire only as INTERNAL.
 */
export class GridError extends Error {
  override readonly name = 'GridError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  // biome-ignore lint/complexity/useMaxParams: as Error's own, with the code before and the details between.
  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  get kind(): ErrorKind {
    return ERROR_CATALOGUE[this.code];
  }

  get retryable(): boolean {
    return this.kind.retryable;
  }

  /** Returns the form for the wire: without stack and cause. */
  toBody(): ErrorBody {
    const { remedy, retryable } = this.kind;
    return { code: this.code, message: this.message, remedy, retryable, details: this.details };
  }

  /**
   * Rebuilds an error that came over the wire. A code that this version does not know becomes INTERNAL, and the details
   * keep its name.
   */
  static fromBody(body: { code: string; message: string; details?: ErrorDetails }): GridError {
    if (isErrorCode(body.code)) return new GridError(body.code, body.message, body.details);
    return new GridError('INTERNAL', body.message, { ...body.details, receivedCode: body.code });
  }

  /**
   * Turns anything thrown into a GridError. An error of another package may carry a code of ours; an abort keeps its
   * reason; an exhausted host gets its code. All else becomes INTERNAL without its text, which may hold secrets.
   */
  static from(thrown: unknown): GridError {
    if (thrown instanceof GridError) return thrown;
    if (hasCode(thrown)) return new GridError(thrown.code, thrown.message, {}, { cause: thrown });
    if (isNamed(thrown, 'AbortError')) return givenUp(thrown);
    if (isNamed(thrown, 'TimeoutError')) return outOfTime(thrown);
    const used = exhaustionOf(thrown);
    if (used !== undefined) return exhaustion(used, thrown);
    return new GridError('INTERNAL', 'a fault in vmgrid itself; the log of the daemon has it', {}, { cause: thrown });
  }
}

/** Packages that do not know this one throw such errors, for example for a wrong configuration. */
const hasCode = (thrown: unknown): thrown is Error & { readonly code: ErrorCode } =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' && isErrorCode(thrown.code);

/** Aborted waits can be recognized only by name: they are DOMExceptions, or errors of Node's. */
const isNamed = (thrown: unknown, name: 'AbortError' | 'TimeoutError'): thrown is Error =>
  thrown instanceof Error && thrown.name === name;

/** When a signal aborts, Node's functions throw an error of their own, with the signal's reason as the cause. */
function givenUp(thrown: Error): GridError {
  if (thrown.cause instanceof Error) return GridError.from(thrown.cause);
  return new GridError('CANCELLED', ERROR_CATALOGUE.CANCELLED.summary, {}, { cause: thrown });
}

const outOfTime = (cause: Error): GridError =>
  new GridError('DEADLINE_EXCEEDED', ERROR_CATALOGUE.DEADLINE_EXCEEDED.summary, {}, { cause });

/** Without numbers: code that knows the exhausted resource adds them. */
function exhaustion(code: ErrorCode, thrown: unknown): GridError {
  const details = systemDetails(thrown);
  const how = Object.values(details).join(', ');
  const { summary } = ERROR_CATALOGUE[code];
  return new GridError(code, how === '' ? summary : `${summary.replace(/\.$/, '')}: ${how}`, details, {
    cause: thrown,
  });
}
