import type { OrderRule } from './rule.ts';

/**
 * Compares bids by rules, of which the first counts most: negative when the first bid is the better one, 0 when no rule
 * tells them apart. `compared` gives the value of a bid that a rule compares.
 */
export function compareBy<T, Name extends OrderRule['name']>(
  rules: readonly { readonly name: Name; readonly better: OrderRule['better'] }[],
  compared: (bid: T, name: Name) => number,
): (a: T, b: T) => number {
  return (a, b) => {
    for (const { name, better } of rules) {
      const left = compared(a, name);
      const right = compared(b, name);
      if (left !== right) return left < right === (better === 'less') ? -1 : 1;
    }
    return 0;
  };
}
