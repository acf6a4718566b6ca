/** By signal: what is to be told when it aborts, by one listener for all. */
interface Waiting {
  readonly told: Set<() => void>;
  readonly tellAll: () => void;
}

const waiting = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls `tell` when the signal aborts, unless it is taken back before; returns how to take it back. A question to
 * thousands of plants has one signal, and `addEventListener` looks through all listeners each time: this costs the same
 * however many there are.
 */
export function whenAborted(signal: AbortSignal, tell: () => void): () => void {
  const { told } = waiting.get(signal) ?? listenTo(signal);
  told.add(tell);
  return () => {
    // A signal that somebody listens to is kept in memory.
    if (told.delete(tell) && told.size === 0) forget(signal);
  };
}

function listenTo(signal: AbortSignal): Waiting {
  const told = new Set<() => void>();
  const tellAll = () => {
    for (const tell of told) tell();
  };
  const listening = { told, tellAll };
  waiting.set(signal, listening);
  signal.addEventListener('abort', tellAll, { once: true });
  return listening;
}

function forget(signal: AbortSignal): void {
  const listening = waiting.get(signal);
  waiting.delete(signal);
  if (listening) signal.removeEventListener('abort', listening.tellAll);
}
