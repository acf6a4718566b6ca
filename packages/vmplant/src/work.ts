/** A piece of work that a request asks for. */
export type Work<Request, Reply> = (request: Request, signal: AbortSignal) => Promise<Reply>;

/** Does something before the work or after it, or ends it before it begins. */
export type Wrapper<Request, Reply> = (next: Work<Request, Reply>) => Work<Request, Reply>;

/** The work inside of wrappers, the first of which is the outermost. */
export const inside = <Request, Reply>(
  wrappers: readonly Wrapper<Request, Reply>[],
  work: Work<Request, Reply>,
): Work<Request, Reply> => wrappers.reduceRight((next, wrap) => wrap(next), work);
