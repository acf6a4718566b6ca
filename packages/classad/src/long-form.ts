import { ClassAd } from './class-ad.ts';
import type { Expression } from './expression.ts';
import { parseNewClassAd, parseOldExpression } from './parser.ts';
import { ClassAdSyntaxError } from './syntax-error.ts';

const assignment = /^[ \t]*(?:([A-Za-z_][A-Za-z0-9_]*)|'([^'\\]*)')[ \t]*=(?![=?!])/;

/**
 * An ad in either textual form: `[ a = 1; b = "x" ]`, or HTCondor's long form as `condor_status -long` prints it, one
 * `Name = expression` a line, blank lines and lines starting with `#` left out. Throws ClassAdSyntaxError.
 */
export function parseClassAd(text: string): ClassAd {
  const firstToken = /^(?:[ \t-\r]|\/\/[^\n]*|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/)*\[/;
  return firstToken.test(text) ? parseNewClassAd(text) : parseLongForm(text);
}

function parseLongForm(text: string): ClassAd {
  const entries: [string, Expression][] = [];
  let offset = 0;
  for (const line of text.split('\n')) {
    if (!/^[ \t\r]*(?:#|$)/.test(line)) {
      entries.push(parseLine(line, text, offset));
    }
    offset += line.length + 1;
  }
  return ClassAd.fromEntries(entries);
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
