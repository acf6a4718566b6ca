/**
 * Makes a trigger for work: one run at a time, and all triggers during a run together cause one more run. Each call of
 * the trigger resolves when a run that began after it has ended. The work must not reject.
 */
export function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const run = (): Promise<void> => {
    next = undefined;
    running = work().then(() => {
      if (!next) running = undefined;
    });
    return running;
  };
  return () => {
    if (!running) return run();
    next ??= running.then(run);
    return next;
  };
}
