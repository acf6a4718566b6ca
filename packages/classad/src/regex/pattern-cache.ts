import { flagsFrom, parsePattern } from './parse.ts';
import { compilePattern, type Program } from './program.ts';

/** Characters of patterns and instructions made of them, together, that are kept: some 10 MB at most. */
const mostKept = 100_000;

const programs = new Map<string, Program>();
let kept = 0;

/** The program of a pattern, compiled once: requirements ask the same few of every ad. Throws PatternError. */
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
