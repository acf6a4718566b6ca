/**
 * Decides which of the two output streams has colours. The user's environment decides first: https://no-color.org,
 * https://force-color.org
 */
import colors from 'picocolors';

/**
 * NO_COLOR wins; then FORCE_COLOR, where `0` and `false` mean no; otherwise a terminal has colours unless it is `dumb`.
 */
export function wantsColour(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment;
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return stream.isTTY === true && TERM !== 'dumb';
}

const coloursOf = (stream: NodeJS.WriteStream) => colors.createColors(wantsColour(stream, process.env));

/** Colours of standard output, for results. */
export const outColours = coloursOf(process.stdout);
/** Colours of standard error, for notes, progress and errors. */
export const errColours = coloursOf(process.stderr);
