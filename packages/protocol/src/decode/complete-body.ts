import { GridError } from '../errors/grid-error.ts';
import { requestInvalid } from '../errors/request-invalid.ts';

/**
 * Adds to a document what its address or a command line says already; the document may say the same.
 * @throws GridError REQUEST_INVALID when it says something else, or is no object
 */
export function completeBody(document: unknown, fixed: Readonly<Record<string, unknown>>): object {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw new GridError('REQUEST_INVALID', 'the document is not a JSON object');
  }
  for (const [field, value] of Object.entries(document)) {
    if (!Object.hasOwn(fixed, field) || fixed[field] === value) continue;
    throw requestInvalid(field, `the document names another ${field} than stands outside it`);
  }
  return { ...document, ...fixed };
}
