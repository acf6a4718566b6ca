export type Token =
  | { readonly kind: 'integer'; readonly value: bigint; readonly at: number }
  | { readonly kind: 'real'; readonly value: number; readonly at: number }
  | { readonly kind: 'string'; readonly value: string; readonly at: number }
  | { readonly kind: 'identifier'; readonly value: string; readonly at: number }
  | { readonly kind: 'keyword'; readonly value: Keyword; readonly at: number }
  | { readonly kind: 'symbol'; readonly value: string; readonly at: number }
  | { readonly kind: 'end'; readonly at: number };

export type Keyword = 'true' | 'false' | 'undefined' | 'error';

/** Returns the token as messages show it. */
export function tokenText(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'end of text';
    case 'symbol':
    case 'keyword':
    case 'identifier':
      return `"${token.value}"`;
    default:
      return token.kind;
  }
}
