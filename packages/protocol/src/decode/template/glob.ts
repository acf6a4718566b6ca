import { stringValue, unparse } from '@vmgrid/classad';
import { TemplateFault } from './template-fault.ts';

/** A part of a pattern: an escaped character, a character set, a wildcard, or a literal character. */
const PART = /\\(?<escaped>.)|\[(?<negated>[!^]?)(?<set>\]?[^\][\\]*)\]|(?<wildcard>[*?])|(?<character>[^[\\])/suy;

type Part = { readonly literal: string } | { readonly regex: string };

/**
 * Returns the ClassAd condition that a text matches a shell pattern: `*`, `?`, `[a-z]`, `[!a-z]`, and `\` before a
 * literal character (fnmatch of POSIX). Case matters. `offset` is the pattern's place, for the TemplateFault that is
 * thrown.
 */
export function globCondition(expression: string, pattern: string, offset: number): string {
  const { literal, regex } = readGlob(pattern, offset);
  return literal === undefined ? `regexp(${regex}, ${expression})` : `${expression} =?= ${literal}`;
}

/** Returns the condition that a list contains a text that matches such a pattern; case does not matter. */
export function globMember(list: string, pattern: string, offset: number): string {
  const { literal, regex } = readGlob(pattern, offset);
  return literal === undefined ? `regexpMember(${regex}, ${list}, "i")` : `member(${literal}, ${list})`;
}

/** Returns the literal text, in quotes, when the pattern matches only one text; else a regular expression. */
function readGlob(pattern: string, offset: number): { readonly literal?: string; readonly regex: string } {
  const parts = partsOf(pattern, offset);
  const regex = parts.map((part) => ('literal' in part ? escapeRegex(part.literal) : part.regex)).join('');
  const isLiteral = parts.every((part) => 'literal' in part);
  return {
    ...(isLiteral && { literal: quoted(parts.map(({ literal }) => literal).join('')) }),
    regex: quoted(`^${regex}$`),
  };
}

function partsOf(pattern: string, offset: number): readonly Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < pattern.length; at = PART.lastIndex) {
    PART.lastIndex = at;
    const groups = PART.exec(pattern)?.groups;
    if (groups === undefined) {
      const problem = `${pattern[at]} begins no set such as [a-z]; the character itself is \\${pattern[at]}`;
      throw new TemplateFault(problem, offset);
    }
    parts.push(partOf(groups));
  }
  return parts;
}

function partOf({ escaped, negated, set, wildcard, character }: Record<string, string | undefined>): Part {
  if (wildcard !== undefined) return { regex: wildcard === '*' ? '.*' : '.' };
  if (set !== undefined) return { regex: `[${negated === '' ? '' : '^'}${set.replace(/[\]^]/g, '\\$&')}]` };
  return { literal: escaped ?? character ?? '' };
}

const escapeRegex = (text: string): string => text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
const quoted = (text: string): string => unparse(stringValue(text));
