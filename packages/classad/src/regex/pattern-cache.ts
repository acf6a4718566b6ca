import { flagsFrom, parsePattern } from './parse.ts';
import { compilePattern, type Program } from './program.ts';

/** Size of the cached programs: characters of patterns and instructions together; some 10 MB at most. */
const mostKept = 100_000;

const programs = new Map<string, Program>();
let kept = 0;

/**
 * Returns the program of a pattern, compiled once: requirements use the same few patterns on every ad. Throws
 * PatternError.
 */
export function programOf(pattern: string, options: string): Program {
  // No ClassAd string holds U+0000.
  const key = `${options}\0${pattern}`;
  return programs.get(key) ?? remember(key, compilePattern(parsePattern(pattern, flagsFrom(options))));
}

/** Forgets the oldest programs past the limit. */
function remember(key: string, program: Program): Program {
  programs.set(key, program);
  kept += weightOf(key, program);
  for (const [oldest, forgotten] of programs) {
    if (kept <= mostKept) {
      break;
    }
    programs.delete(oldest);
    kept -= weightOf(oldest, forgotten);
  }
  return program;
}

function weightOf(key: string, program: Program): number {
  return key.length + program.instructions.length;
}
