import { ClassAd } from './class-ad.ts';
import { type EvaluationOptions, worldOf } from './evaluate.ts';
import { Evaluation } from './evaluation.ts';
import { aloneScope, type Scope } from './scope.ts';
import type { Value } from './value.ts';

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
 * Plain JavaScript for a value: integers as numbers (bigint past 2^53), absolute times as Dates, relative times as
 * seconds, lists as arrays, ads as objects with every attribute evaluated, the error value as a ClassAdError. All
 * ads inside share one evaluation budget, and one that contains itself is a ClassAdError there.
 */
export function toJsValue(value: Value | ClassAd, options: EvaluationOptions = {}): JsValue {
  const conversion = new Conversion(new Evaluation(worldOf(options)), worldOf(options).limits.maxDepth);
  return value instanceof ClassAd ? conversion.object(aloneScope(value), 0) : conversion.plain(value, 0);
}

class Conversion {
  readonly #evaluation: Evaluation;
  readonly #maxDepth: number;
  /** The ads around the one being converted. */
  readonly #open: Scope[] = [];

  constructor(evaluation: Evaluation, maxDepth: number) {
    this.#evaluation = evaluation;
    this.#maxDepth = maxDepth;
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
        return this.object(value.scope ?? aloneScope(value.ad), depth + 1);
      default:
        return value.value;
    }
  }

  object(scope: Scope, depth: number): JsValue {
    if (depth > this.#maxDepth) {
      return new ClassAdError(`more than ${this.#maxDepth} deep`);
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
    // fromEntries defines properties, so that an attribute called __proto__ stays an attribute.
    return Object.fromEntries(attributes);
  }
}
