import { ClassAdSyntaxError, parseExpression } from '@vmgrid/classad';
import { GridError } from '../errors/grid-error.ts';

/**
 * Throws GridError EXPRESSION_INVALID, with the place in the expression, unless the text is a ClassAd expression or
 * undefined.
 */
export function requireExpression(field: string, text: string | undefined): void {
  if (text === undefined) return;
  try {
    parseExpression(text);
  } catch (thrown) {
    if (!(thrown instanceof ClassAdSyntaxError)) throw thrown;
    const { line, column } = thrown;
    throw new GridError(
      'EXPRESSION_INVALID',
      `${field}: ${thrown.message}`,
      { field, line, column },
      { cause: thrown },
    );
  }
}
