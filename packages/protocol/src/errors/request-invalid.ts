import { GridError } from './grid-error.ts';

/**
 * REQUEST_INVALID for the one problem of a request. `path`: the field or element; empty for the document itself.
 */
export const requestInvalid = (path: string, message: string, options?: { readonly cause?: unknown }): GridError =>
  new GridError('REQUEST_INVALID', message, { problems: [{ path, message }] }, options);
