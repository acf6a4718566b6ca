import { GridError } from './grid-error.ts';

/**
 * Makes a REQUEST_INVALID for a single problem of a request. `path`: the field or element; empty for the document
 * itself.
 */
export const requestInvalid = (path: string, message: string, options?: { readonly cause?: unknown }): GridError =>
  new GridError('REQUEST_INVALID', message, { problems: [{ path, message }] }, options);
