/** The form of a parsed script. */

/** A piece of a word. Unquoted pieces are split at blanks when they are expanded. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string; readonly quoted: boolean }
  | { readonly kind: 'output'; readonly script: Script; readonly quoted: boolean };

export type Word = readonly Part[];

export interface Redirection {
  readonly stream: 'in' | 'out' | 'err';
  readonly how: 'from' | 'to' | 'append' | 'to-out';
  readonly target: Word;
}

export interface Simple {
  readonly kind: 'simple';
  readonly assignments: readonly { readonly name: string; readonly value: Word }[];
  readonly words: readonly Word[];
  readonly redirections: readonly Redirection[];
}

export interface Loop {
  readonly kind: 'for';
  readonly variable: string;
  readonly words: readonly Word[];
  readonly body: Script;
}

/** Commands that each read the output of the one before. */
export type Pipeline = readonly (Simple | Loop)[];

export interface Step {
  readonly pipeline: Pipeline;
  /** The outcome of the previous step after which this one runs: `;`, `&&`, `||`. */
  readonly after: 'any' | 'success' | 'failure';
}

export type Script = readonly Step[];
