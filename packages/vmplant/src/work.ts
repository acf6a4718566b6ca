/** A piece of work that a request asks for. */
export type Work<Request, Reply> = (request: Request, signal: AbortSignal) => Promise<Reply>;

/** Does something before or after the work, or ends it before it begins. */
export type Wrapper<Request, Reply> = (next: Work<Request, Reply>) => Work<Request, Reply>;

/** Returns the work inside wrappers; the first wrapper is the outermost. */
export const inside = <Request, Reply>(
  wrappers: readonly Wrapper<Request, Reply>[],
  work: Work<Request, Reply>,
): Work<Request, Reply> => wrappers.reduceRight((next, wrap) => wrap(next), work);
