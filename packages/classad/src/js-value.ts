import type { Scope, Value } from './ast.ts';
import { ClassAd } from './class-ad.ts';
import { type EvaluationOptions, newEvaluation } from './evaluate.ts';
import type { Evaluation } from './evaluation.ts';
import { aloneScope, scopeOf } from './scope.ts';

/** The error value as plain JavaScript: returned, never thrown. */
export class ClassAdError extends Error {
  override readonly name = 'ClassAdError';
}

export type JsValue =
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Date
  | ClassAdError
  | readonly JsValue[]
  | { readonly [name: string]: JsValue };

/**
 * Converts a value to plain JavaScript: integers to numbers (bigint past 2^53), absolute times to Dates, relative times
 * to seconds, lists to arrays, ads to objects with every attribute evaluated, the error value to a ClassAdError. All
 * ads inside share one budget. An ad that contains itself is a ClassAdError there.
 */
export function toJsValue(value: Value | ClassAd, options: EvaluationOptions = {}): JsValue {
  const conversion = new Conversion(newEvaluation(options));
  return value instanceof ClassAd ? conversion.object(aloneScope(value), 0) : conversion.plain(value, 0);
}

class Conversion {
  readonly #evaluation: Evaluation;
  /** The ads that enclose the one being converted. */
  readonly #open: Scope[] = [];

  constructor(evaluation: Evaluation) {
    this.#evaluation = evaluation;
  }

  plain(value: Value, depth: number): JsValue {
    switch (value.kind) {
      case 'undefined':
        return undefined;
      case 'error':
        return new ClassAdError(value.reason ?? 'error');
      case 'integer': {
        const number = Number(value.value);
        return Number.isSafeInteger(number) ? number : value.value;
      }
      case 'absoluteTime':
        return new Date(value.seconds * 1000);
      case 'relativeTime':
        return value.seconds;
      case 'list':
        return value.items.map((item) => this.plain(item, depth + 1));
      case 'classad':
        return this.object(scopeOf(value), depth + 1);
      default:
        return value.value;
    }
  }

  object(scope: Scope, depth: number): JsValue {
    const { maxDepth } = this.#evaluation.world.limits;
    if (depth > maxDepth) {
      return new ClassAdError(`more than ${maxDepth} deep`);
    }
    if (this.#open.some((outer) => outer.ad === scope.ad && outer.surroundings === scope.surroundings)) {
      return new ClassAdError('ad contains itself');
    }
    this.#open.push(scope);
    const attributes = scope.ad.entries().map(([name, expression]) => {
      const value = this.#evaluation.run(expression.node, scope);
      return [name, this.plain(value, depth)] as const;
    });
    this.#open.pop();
    // fromEntries defines properties, so an attribute named __proto__ stays an attribute.
    return Object.fromEntries(attributes);
  }
}
