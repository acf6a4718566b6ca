import { foldCase } from './ascii-case.ts';
import { ClassAd } from './class-ad.ts';
import type { Expression } from './expression.ts';
import type { Value } from './value.ts';
import { classAdValue, undefinedValue } from './value.ts';

/** An ad as a place where names are looked up: it, the ads that enclose it, and what stands around the outermost. */
export interface Scope {
  readonly ad: ClassAd;
  readonly parent?: Scope;
  readonly surroundings: Surroundings;
}

/** What an outermost ad sees besides itself: the ad it is matched with, and scopes the caller named. */
export interface Surroundings {
  target?: Scope;
  readonly named: Map<string, Scope>;
}

export type Found =
  | { readonly kind: 'expression'; readonly expression: Expression; readonly scope: Scope }
  | { readonly kind: 'value'; readonly value: Value };

export function aloneScope(ad: ClassAd): Scope {
  return { ad, surroundings: { named: new Map() } };
}

export function nestedScope(ad: ClassAd, parent: Scope): Scope {
  return { ad, parent, surroundings: parent.surroundings };
}

export function rootOf(scope: Scope): Scope {
  let root = scope;
  while (root.parent !== undefined) {
    root = root.parent;
  }
  return root;
}

/** MY and TARGET, each seeing the other as its TARGET, with further scopes visible by name to both. */
export function matchScopes(
  my: ClassAd | undefined,
  target: ClassAd | undefined,
  named: { readonly [name: string]: ClassAd },
): Scope {
  const scopes = new Map(Object.entries(named).map(([name, ad]) => [foldCase(name), aloneScope(ad)] as const));
  const myScope: Scope = { ad: my ?? ClassAd.empty, surroundings: { named: scopes } };
  if (target !== undefined) {
    const targetScope: Scope = { ad: target, surroundings: { named: scopes, target: myScope } };
    myScope.surroundings.target = targetScope;
  }
  return myScope;
}

function adOf(scope: Scope | undefined): Found {
  return { kind: 'value', value: scope === undefined ? undefinedValue : classAdValue(scope.ad, scope) };
}

/** Names with a meaning of their own, unless the innermost ad has an attribute so called (ClassAd::LookupInScope). */
function special(name: string, scope: Scope): Found | undefined {
  switch (name) {
    case 'my':
    case 'self':
      return adOf(scope);
    case 'parent':
      return adOf(scope.parent);
    case 'root':
    case 'toplevel':
      return adOf(rootOf(scope));
    default:
      return undefined;
  }
}

function around(name: string, surroundings: Surroundings): Found | undefined {
  if (name === 'target' || name === 'other') {
    return surroundings.target === undefined ? undefined : adOf(surroundings.target);
  }
  const scope = surroundings.named.get(name);
  return scope === undefined ? undefined : adOf(scope);
}

/** From the innermost ad outwards. */
export function lookUp(name: string, scope: Scope): Found | undefined {
  const folded = foldCase(name);
  const own = scope.ad.get(name);
  if (own !== undefined) {
    return { kind: 'expression', expression: own, scope };
  }
  const meaning = special(folded, scope);
  if (meaning !== undefined) {
    return meaning;
  }
  for (let outer = scope.parent; outer !== undefined; outer = outer.parent) {
    const expression = outer.ad.get(name);
    if (expression !== undefined) {
      return { kind: 'expression', expression, scope: outer };
    }
  }
  return around(folded, scope.surroundings);
}

/** As `lookUp`, and then in TARGET: how HTCondor reads a name without prefix (manual: ClassAd evaluation semantics). */
export function lookUpUnscoped(name: string, scope: Scope): Found | undefined {
  const found = lookUp(name, scope);
  const { target } = scope.surroundings;
  return found ?? (target === undefined ? undefined : lookUpOwn(name, target));
}

/** Only the ad itself: `.name` looks at the outermost ad, and TARGET lends its attributes but not its surroundings. */
export function lookUpOwn(name: string, scope: Scope): Found | undefined {
  const expression = scope.ad.get(name);
  return expression === undefined ? undefined : { kind: 'expression', expression, scope };
}
