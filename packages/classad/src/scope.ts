import { foldCase } from './ascii-case.ts';
import type { Ad, AttributeExpression, ClassAdValue, Scope, Value } from './ast.ts';
import { ClassAd } from './class-ad.ts';
import { classAdValue, undefinedValue } from './value.ts';

export type Found =
  | { readonly kind: 'expression'; readonly expression: AttributeExpression; readonly scope: Scope }
  | { readonly kind: 'value'; readonly value: Value };

export function aloneScope(ad: Ad): Scope {
  return { ad, surroundings: { named: new Map() }, seesTarget: false };
}

export function nestedScope(ad: Ad, parent: Scope): Scope {
  return { ad, parent, surroundings: parent.surroundings, seesTarget: false };
}

/** Returns the scope in which the attributes of an ad value look up names. */
export function scopeOf(value: ClassAdValue): Scope {
  return value.scope ?? aloneScope(value.ad);
}

/** HTCondor puts two matched ads into an outer ad (MatchClassAd). No name can mean an attribute of it. */
const matchRoot = aloneScope(ClassAd.empty);

/** Returns what `.name` and `ROOT` refer to: the outermost ad; in a match, the ad around both. */
export function rootOf(scope: Scope): Scope {
  if (scope.surroundings.target !== undefined) {
    return matchRoot;
  }
  let root = scope;
  while (root.parent !== undefined) {
    root = root.parent;
  }
  return root;
}

/** Makes the scopes of MY and TARGET. Each sees the other as its TARGET, and both see the further scopes by name. */
export function matchScopes(my: Ad | undefined, target: Ad | undefined, named: { readonly [name: string]: Ad }): Scope {
  const scopes = new Map(Object.entries(named).map(([name, ad]) => [foldCase(name), aloneScope(ad)] as const));
  const myScope: Scope = { ad: my ?? ClassAd.empty, surroundings: { named: scopes }, seesTarget: true };
  if (target !== undefined) {
    myScope.surroundings.target = { ad: target, surroundings: { named: scopes, target: myScope }, seesTarget: true };
  }
  return myScope;
}

function adOf(scope: Scope | undefined): Found {
  return { kind: 'value', value: scope === undefined ? undefinedValue : classAdValue(scope.ad, scope) };
}

/**
 * Resolves names with a special meaning, unless the innermost ad has an attribute of that name
 * (ClassAd::LookupInScope).
 */
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

function around(name: string, scope: Scope): Found | undefined {
  const { target, named } = scope.surroundings;
  if (name === 'target' || name === 'other') {
    return target === undefined ? undefined : adOf(target);
  }
  const found = named.get(name);
  return found === undefined ? undefined : adOf(found);
}

/** Looks a name up from the innermost ad outwards. */
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
  return around(folded, scope);
}

/**
 * Looks a name up as `lookUp` does, and then in TARGET: this is how HTCondor reads a name without prefix (manual:
 * ClassAd evaluation semantics).
 */
export function lookUpUnscoped(name: string, scope: Scope): Found | undefined {
  const found = lookUp(name, scope);
  const { target } = scope.surroundings;
  return found ?? (scope.seesTarget && target !== undefined ? lookUpOwn(name, target) : undefined);
}

/**
 * Looks only into the ad itself: `.name` reads the outermost ad, and TARGET lends its attributes but not its
 * surroundings.
 */
export function lookUpOwn(name: string, scope: Scope): Found | undefined {
  const expression = scope.ad.get(name);
  return expression === undefined ? undefined : { kind: 'expression', expression, scope };
}
