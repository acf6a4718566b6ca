import type { Static, TSchema } from 'typebox';
import { GridError } from '../errors/grid-error.ts';
import { late } from '../errors/late.ts';
import { CLIENT_LIMITS } from '../limits.ts';
import { ErrorReply } from '../schema/replies.ts';
import { follows, validate } from '../schema/validation/validator.ts';

export interface ClientCallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds after which the call fails with DEADLINE_EXCEEDED. */
  readonly deadlineMs?: number;
}

/** Beyond this `setTimeout` fires at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Begins with a slash; already escaped. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | ReadableStream<Uint8Array>;
}

export interface ConnectionOptions {
  /** Sent with every request. */
  readonly token?: string;
  readonly fetch?: typeof fetch;
}

/**
 * Whether a text can be a bearer token (RFC 6750). Other texts must not be sent: an error would quote them, and they
 * may be secret.
 */
export const isBearer = (text: string): boolean => /^[A-Za-z0-9\-._~+/]+=*$/.test(text);

/** Sends requests to one shop, and rebuilds the errors that it answers. */
export class HttpExchange {
  readonly #base: string;
  readonly #fetch: typeof fetch;
  readonly #credentials: Readonly<Record<string, string>>;

  /** @throws GridError UNAUTHENTICATED when the given text cannot be a token */
  constructor(url: string, options: ConnectionOptions) {
    if (options.token !== undefined && !isBearer(options.token)) {
      throw new GridError('UNAUTHENTICATED', 'the given token has characters that no token has');
    }
    this.#base = url.replace(/\/+$/, '');
    this.#fetch = options.fetch ?? fetch;
    this.#credentials = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
  }

  /**
   * Returns the JSON reply of a successful request. Throws the GridError that the shop answered, SHOP_UNREACHABLE,
   * DEADLINE_EXCEEDED, CANCELLED, or LINK_PROTOCOL when the other end does not speak vmgrid.
   */
  async json<T extends TSchema>(request: HttpRequest, schema: T, options?: ClientCallOptions): Promise<Static<T>> {
    const text = await this.send(request, options);
    return validate(schema, parsedOrUndefined(text), { code: 'LINK_PROTOCOL', subject: `answer of ${this.#base}` });
  }

  /** Returns the text of a successful reply. Throws as `json` does. */
  send(request: HttpRequest, options: ClientCallOptions = {}): Promise<string> {
    return this.within(options, async (signal) => this.text(await this.open(request, signal), signal));
  }

  /** Runs the work of a call with a signal that aborts at the call's deadline, or when the caller's signal does. */
  async within<T>(options: ClientCallOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal, deadlineMs = CLIENT_LIMITS.deadlineMs } = options;
    const over = new AbortController();
    const silent = late('DEADLINE_EXCEEDED', `${this.#base} did not answer`, { url: this.#base });
    const timer = setTimeout(() => over.abort(silent(deadlineMs)), Math.min(deadlineMs, TIMER_MAX_MS));
    try {
      return await work(signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]));
    } finally {
      clearTimeout(timer);
    }
  }

  /** Returns a successful response whose body has not been read. Throws as `json` does. */
  async open(request: HttpRequest, signal: AbortSignal): Promise<Response> {
    const response = await this.fetch(request, signal);
    if (!response.ok) throw this.#refusal(response.status, await this.text(response, signal));
    return response;
  }

  /** Returns any response, errors included. */
  async fetch({ method, path, headers, body }: HttpRequest, signal: AbortSignal): Promise<Response> {
    try {
      const all = { accept: 'application/json', ...headers, ...this.#credentials };
      const whole = body === undefined || typeof body === 'string';
      const stream = whole ? {} : { duplex: 'half' as const };
      return await this.#fetch(this.#base + path, { method, headers: all, body: body ?? null, signal, ...stream });
    } catch (thrown) {
      throw this.failure(thrown, signal);
    }
  }

  async text(response: Response, signal: AbortSignal): Promise<string> {
    try {
      return await response.text();
    } catch (thrown) {
      throw this.failure(thrown, signal);
    }
  }

  /** Returns the error for a request, or the reading of its body, that failed. */
  failure(thrown: unknown, signal: AbortSignal): GridError {
    if (thrown instanceof GridError) return thrown;
    if (signal.aborted) return abortion(signal);
    const cause = causeOf(thrown);
    if (cause.code?.endsWith('_TIMEOUT') && cause.code.startsWith('UND_ERR')) {
      return new GridError('DEADLINE_EXCEEDED', `${this.#base} did not answer in time`, {}, { cause: thrown });
    }
    const details = { url: this.#base, ...(cause.code === undefined ? {} : { reason: cause.code }) };
    const message = `the shop at ${this.#base} cannot be reached: ${cause.message}`;
    return new GridError('SHOP_UNREACHABLE', message, details, { cause: thrown });
  }

  #refusal(status: number, text: string): GridError {
    const reply = parsedOrUndefined(text);
    if (follows(ErrorReply, reply)) return GridError.fromBody(reply.error);
    const message = `${this.#base} answered ${status} with something that is no vmgrid error`;
    const isGateway = status === 502 || status === 503 || status === 504;
    return new GridError(isGateway ? 'SHOP_UNREACHABLE' : 'LINK_PROTOCOL', message, { url: this.#base, status });
  }
}

/** A caller may abort with any reason. */
function abortion({ reason }: AbortSignal): GridError {
  const error = GridError.from(reason);
  return error.code === 'INTERNAL'
    ? new GridError('CANCELLED', 'the call was cancelled', {}, { cause: reason })
    : error;
}

/** fetch says "fetch failed", and keeps the reason in `cause`, or in `errors` when it tried several addresses. */
function causeOf(thrown: unknown): { readonly message: string; readonly code?: string } {
  const { cause } = thrown as { cause?: { message?: string; code?: string; errors?: { message: string }[] } };
  const message = cause?.message || cause?.errors?.[0]?.message || String(thrown);
  return cause?.code === undefined ? { message } : { message, code: cause.code };
}

/** Parses a JSON text. Returns undefined, which no schema accepts, when the text is no JSON. */
export function parsedOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
