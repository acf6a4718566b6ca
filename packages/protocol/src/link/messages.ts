/**
 * JSON-RPC 2.0 messages of a link. A WebSocket text message holds one; ids are integers; errors carry the body of a
 * GridError.
 */
import { type Static, Type } from 'typebox';
import { GridError } from '../errors/grid-error.ts';
import { ErrorReply } from '../schema/replies.ts';
import { validate } from '../schema/validation/validator.ts';
import { type LinkText, withParams } from './calls/shared-params.ts';

const closed = { additionalProperties: false } as const;
const version = { jsonrpc: Type.Literal('2.0') };
const Id = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Method = Type.String({ minLength: 1, maxLength: 64 });

const Call = Type.Object({ ...version, id: Id, method: Method, params: Type.Unknown() }, closed);
const Notice = Type.Object({ ...version, method: Method, params: Type.Unknown() }, closed);
const Result = Type.Object({ ...version, id: Id, result: Type.Unknown() }, closed);
const Failure = Type.Object(
  {
    ...version,
    id: Id,
    error: Type.Object({ code: Type.Integer(), message: Type.String(), data: ErrorReply.properties.error }, closed),
  },
  closed,
);

export type LinkMessage =
  | ({ readonly kind: 'call' } & Static<typeof Call>)
  | ({ readonly kind: 'notice' } & Static<typeof Notice>)
  | ({ readonly kind: 'result' } & Static<typeof Result>)
  | ({ readonly kind: 'failure' } & Static<typeof Failure>);

/** "Server error" of JSON-RPC 2.0, section 5.1; `data` says which error it is. */
const SERVER_ERROR = -32_000;

/** Method of the notice that cancels a call. */
export const CANCEL = '$/cancel';

/** The cause that cancels a call: its caller, or its deadline. */
export const Cancel = Type.Object(
  { id: Id, code: Type.Union([Type.Literal('CANCELLED'), Type.Literal('DEADLINE_EXCEEDED')]) },
  closed,
);
export type Cancel = Static<typeof Cancel>;

/** Throws GridError LINK_PROTOCOL for any text that is no message of a link. */
export function parseMessage(text: string): LinkMessage {
  const value = parseObject(text);
  const options = { code: 'LINK_PROTOCOL', subject: 'link message' } as const;
  if ('method' in value) {
    if ('id' in value) return { kind: 'call', ...validate(Call, value, options) };
    return { kind: 'notice', ...validate(Notice, value, options) };
  }
  if ('error' in value) return { kind: 'failure', ...validate(Failure, value, options) };
  return { kind: 'result', ...validate(Result, value, options) };
}

function parseObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new GridError('LINK_PROTOCOL', 'link message: not JSON', {}, { cause });
  }
  if (typeof value === 'object' && value !== null) return value;
  throw new GridError('LINK_PROTOCOL', 'link message: not a JSON object');
}

export function callText(id: number, method: string, params: unknown = null): LinkText {
  const head = JSON.stringify({ jsonrpc: '2.0', id, method });
  return withParams(`${head.slice(0, -1)},"params":`, params, '}');
}

export function noticeText(method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params });
}

export function resultText(id: number, result: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result: result ?? null });
}

export function failureText(id: number, error: GridError): string {
  return JSON.stringify({
    jsonrpc: '2.0',
    id,
    error: { code: SERVER_ERROR, message: error.message, data: error.toBody() },
  });
}
