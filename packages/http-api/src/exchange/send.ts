/** Writes replies into HTTP responses, in the medium that the client asked for. */
import { runInSlices, systemClock } from '@vmgrid/daemon';
import type { GridError, Reply } from '@vmgrid/protocol';
import { encodeXmlReply, xmlReplySteps } from '@vmgrid/protocol/xml';
import type { Request, RequestHandler, Response } from 'express';
import type { Operation } from '../operations/operations.ts';
import type { Exchange } from './body.ts';
import { type Medium, replyMedium, xmlType } from './negotiate.ts';

/** How long a reply is written before all else has its turn. */
const SLICE_MS = 10;

/** Writes a reply in XML, in slices: a long list takes most of a second. */
export const writeXmlReply = (reply: Reply): Promise<string> =>
  runInSlices(xmlReplySteps(reply), { sliceMs: SLICE_MS }, systemClock);

export async function sendReply(exchange: Exchange, reply: Reply, medium = replyMedium(exchange[0])): Promise<void> {
  const [request, response] = exchange;
  if (medium === 'xml') response.type(xmlType(request)).send(await writeXmlReply(reply));
  else sendAtOnce(exchange, reply, medium);
}

/** Sends a reply without a list. */
function sendAtOnce([request, response]: Exchange, reply: Reply, medium: Medium): void {
  if (medium === 'xml') response.type(xmlType(request)).send(encodeXmlReply(reply));
  else response.set('content-type', 'application/json').send(jsonOf(reply.body));
}

/** Some bodies hold their JSON text already. */
const jsonOf = (body: object & { readonly toText?: () => string }): string => body.toText?.() ?? JSON.stringify(body);

export function sendJson(request: Request, response: Response, body: object): void {
  replyMedium(request, ['json']);
  response.json(body);
}

/** Sends an error; in JSON when the client accepts none of our media. */
export function sendError(request: Request, response: Response, error: GridError): void {
  const body = { error: error.toBody() };
  response.locals.outcome = error.code;
  response.status(error.kind.status);
  if (error.retryable) response.setHeader('retry-after', '1');
  if (error.code === 'UNAUTHENTICATED') {
    response.setHeader('www-authenticate', 'Bearer realm="vmgrid"');
    response.setHeader('connection', 'close'); // whatever a stranger still sends is not waited for
  }
  sendAtOnce([request, response], { kind: 'error', body }, mediumForError(request, response));
}

/** Makes the errors of its path XML. */
export const xmlErrors: RequestHandler = (_request, response, next) => {
  response.locals.errorMedium = 'xml' satisfies Medium;
  next();
};

function mediumForError(request: Request, response: Response): Medium {
  try {
    return response.locals.errorMedium ?? replyMedium(request);
  } catch {
    return 'json';
  }
}

/**
 * Waits for the operation and sends its reply. With `Prefer: respond-async` (RFC 7240) it sends at once where to find
 * it.
 */
export async function sendOperation<T>(
  exchange: Exchange,
  operation: Operation,
  toReply: (result: T) => Reply,
): Promise<void> {
  await answerOperation({ exchange, operation }, ['json', 'xml'], (result: T, medium) =>
    sendReply(exchange, toReply(result), medium),
  );
}

/** As {@link sendOperation}, for paths with JSON only. */
export async function sendOperationJson<T>(
  exchange: Exchange,
  operation: Operation,
  toBody: (result: T) => object,
): Promise<void> {
  const [, response] = exchange;
  await answerOperation({ exchange, operation }, ['json'], (result: T) => response.json(toBody(result)));
}

interface Answered {
  readonly exchange: Exchange;
  readonly operation: Operation;
}

/** Refuses at once when the client accepts none of the offered media. */
async function answerOperation<T>(
  { exchange, operation }: Answered,
  offered: readonly Medium[],
  send: (result: T, medium: Medium) => unknown,
): Promise<void> {
  const [request, response] = exchange;
  response.locals.work = operation.settled;
  const medium = replyMedium(request, offered);
  if (wantsAsync(request)) {
    if (operation.state !== 'running') await operation.settled; // it is brought up to date
    sendAccepted(request, response, operation);
  } else await send((await operation.settled) as T, medium);
}

const wantsAsync = (request: Request): boolean => /(^|,)\s*respond-async\s*(,|;|$)/i.test(request.get('prefer') ?? '');

function sendAccepted(request: Request, response: Response, operation: Operation): void {
  response.status(202).location(`/v1/requests/${operation.requestId}`).setHeader('preference-applied', 'respond-async');
  sendAtOnce([request, response], { kind: 'operation', body: operation.toReply() }, replyMedium(request));
}
