import { ClassAd } from '../class-ad.ts';
import type { Expression } from '../expression.ts';
import { parseNewClassAd, parseNewClassAds, parseOldExpression } from './parser.ts';
import { ClassAdSyntaxError } from './syntax-error.ts';

const assignment = /^[ \t]*(?:([A-Za-z_][A-Za-z0-9_]*)|'([^'\\]*)')[ \t]*=(?![=?!])/;

/** White space and comments, then the first character of an ad or of a list of ads in the new syntax. */
const newSyntax = /^(?:[ \t-\r]|\/\/[^\n]*|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/)*([[{])/;

/**
 * Reads an ad in either textual form: `[ a = 1; b = "x" ]`, or HTCondor's long form as `condor_status -long` prints it,
 * with one `Name = expression` on each line. A blank line ends an ad of the long form, and more text after it is
 * refused. Lines that start with `#` are skipped; a text without lines is the empty ad. Throws ClassAdSyntaxError.
 */
export function parseClassAd(text: string): ClassAd {
  if (newSyntax.exec(text)?.[1] === '[') {
    return parseNewClassAd(text);
  }
  const [ad, another] = longForms(text);
  if (another !== undefined) {
    throw new ClassAdSyntaxError('expected one ad, got another after a blank line', text, another.offset);
  }
  return ad === undefined ? ClassAd.empty : ClassAd.fromEntries(ad.entries);
}

/**
 * Reads every ad of a text: in the long form, where a blank line ends an ad, or in the new syntax, one after the other
 * or as a list `{ [ … ], [ … ] }`. Throws ClassAdSyntaxError.
 */
export function parseClassAds(text: string): ClassAd[] {
  return newSyntax.test(text) ? parseNewClassAds(text) : longForms(text).map((ad) => ClassAd.fromEntries(ad.entries));
}

interface LongForm {
  /** Offset at which its first line begins. */
  readonly offset: number;
  readonly entries: [string, Expression][];
}

function longForms(text: string): LongForm[] {
  const ads: LongForm[] = [];
  let open: LongForm | undefined;
  let offset = 0;
  for (const line of text.split('\n')) {
    if (/^[ \t-\r]*$/.test(line)) {
      open = undefined;
    } else if (!/^[ \t]*#/.test(line)) {
      if (open === undefined) {
        open = { offset, entries: [] };
        ads.push(open);
      }
      open.entries.push(parseLine(line, text, offset));
    }
    offset += line.length + 1;
  }
  return ads;
}

function parseLine(line: string, text: string, offset: number): [string, Expression] {
  const found = assignment.exec(line);
  const name = found?.[1] ?? found?.[2];
  if (found === null || name === undefined) {
    throw new ClassAdSyntaxError('expected "Name = expression"', text, offset);
  }
  try {
    return [name, parseOldExpression(line.slice(found[0].length).trimEnd())];
  } catch (cause) {
    if (cause instanceof ClassAdSyntaxError) {
      const problem = cause.message.replace(/ \(line \d+, column \d+\)$/, '');
      throw new ClassAdSyntaxError(problem, text, offset + found[0].length + cause.offset);
    }
    throw cause;
  }
}
