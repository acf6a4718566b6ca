/** Parameters that many are called with: their JSON is written once, for all calls. */

/** A text message, whole or in pieces that follow each other. */
export type LinkText = string | readonly Buffer[];

/** The JSON of shared parameters; undefined until the first call. */
const written = new WeakMap<object, string | Buffer | undefined>();

/** Longer JSON is kept in bytes, which all connections send without a copy of their own. */
const COPIED_CHARS = 65_536;

/** Returns parameters that are written once, however many are called with them. They may not change any more. */
export function shared<T extends object>(params: T): T {
  const copy = { ...params };
  written.set(copy, undefined);
  return copy;
}

/** Writes shared parameters. Returns whether that, and to send them, takes so long that others want a turn between. */
export const areLarge = (params: object): boolean => written.has(params) && Buffer.isBuffer(jsonOf(params));

/** Writes a message of the text before the parameters, the parameters, and the text after them. */
export function withParams(before: string, params: unknown, after: string): LinkText {
  const json = jsonOf(params);
  return typeof json === 'string' ? before + json + after : [Buffer.from(before), json, Buffer.from(after)];
}

function jsonOf(params: unknown): string | Buffer {
  if (typeof params !== 'object' || params === null || !written.has(params)) return JSON.stringify(params);
  const known = written.get(params);
  if (known !== undefined) return known;
  const text = JSON.stringify(params);
  const json = text.length > COPIED_CHARS ? Buffer.from(text) : text;
  written.set(params, json);
  return json;
}
