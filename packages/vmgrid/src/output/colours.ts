/**
 * Which of the two streams has colours. What is in the environment is the user's word: https://no-color.org,
 * https://force-color.org
 */
import colors from 'picocolors';

/**
 * NO_COLOR goes first, then FORCE_COLOR, of which `0` and `false` say no; else a terminal has them, unless it is
 * `dumb`.
 */
export function wantsColour(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return stream.isTTY === true && TERM !== 'dumb';
}

const coloursOf = (stream: NodeJS.WriteStream) => colors.createColors(wantsColour(stream, process.env));

/** Of standard output: what results are drawn with. */
export const outColours = coloursOf(process.stdout);
/** Of standard error: notes, progress and errors. */
export const errColours = coloursOf(process.stderr);
