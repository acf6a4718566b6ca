import { ERROR_CATALOGUE, type ErrorCode, type ErrorKind, isErrorCode } from './catalogue.ts';
import { exhaustionOf, systemDetails } from './exhaustion.ts';

export type ErrorDetails = Readonly<Record<string, unknown>>;

/** An error as it crosses a wire. */
export interface ErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
  readonly retryable: boolean;
  readonly details: ErrorDetails;
}

/**
 * An operating error: something a person or program outside can act on. The message says what failed, on which object,
 * actual against limit; programmer errors are plain `Error`s and never cross a wire but as INTERNAL.
 */
export class GridError extends Error {
  override readonly name = 'GridError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

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

  /** The form that crosses a wire: no stack, no cause. */
  toBody(): ErrorBody {
    const { remedy, retryable } = this.kind;
    return { code: this.code, message: this.message, remedy, retryable, details: this.details };
  }

  /** Rebuilds the error on the far side; a code this version does not know becomes INTERNAL and keeps its name. */
  static fromBody(body: { code: string; message: string; details?: ErrorDetails }): GridError {
    if (isErrorCode(body.code)) return new GridError(body.code, body.message, body.details);
    return new GridError('INTERNAL', body.message, { ...body.details, receivedCode: body.code });
  }

  /**
   * Any thrown thing as a GridError. What is not one may have a code of ours and words for it; it says why it was
   * given up, or what the host has no more of; else it becomes INTERNAL without its text, which may hold secrets.
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

/** Of packages that do not know this one, such as of a configuration that is wrong. */
const hasCode = (thrown: unknown): thrown is Error & { readonly code: ErrorCode } =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' && isErrorCode(thrown.code);

/** Ends of waits are known by their name alone: they are DOMExceptions, or errors of Node's. */
const isNamed = (thrown: unknown, name: 'AbortError' | 'TimeoutError'): thrown is Error =>
  thrown instanceof Error && thrown.name === name;

/** Node's functions throw an error of their own when their signal fires, with its reason as the cause. */
function givenUp(thrown: Error): GridError {
  if (thrown.cause instanceof Error) return GridError.from(thrown.cause);
  return new GridError('CANCELLED', ERROR_CATALOGUE.CANCELLED.summary, {}, { cause: thrown });
}

const outOfTime = (cause: Error): GridError =>
  new GridError('DEADLINE_EXCEEDED', ERROR_CATALOGUE.DEADLINE_EXCEEDED.summary, {}, { cause });

/** Without the numbers: whoever knows the object that is used up adds them. */
function exhaustion(code: ErrorCode, thrown: unknown): GridError {
  const details = systemDetails(thrown);
  const how = Object.values(details).join(', ');
  const { summary } = ERROR_CATALOGUE[code];
  return new GridError(code, how === '' ? summary : `${summary.replace(/\.$/, '')}: ${how}`, details, {
    cause: thrown,
  });
}
