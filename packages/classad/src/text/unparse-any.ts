import type { Value } from '../ast.ts';
import { ClassAd } from '../class-ad.ts';
import { Expression } from '../expression.ts';
import { unparseValue } from './unparse.ts';

/** HTCondor's new-ClassAd text of an ad, an expression or a value; reading it back gives the same. */
export function unparse(subject: ClassAd | Expression | Value): string {
  return subject instanceof ClassAd || subject instanceof Expression ? subject.toString() : unparseValue(subject);
}
