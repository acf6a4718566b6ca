/** For each signal, the functions to call when it aborts, behind one listener. */
interface Waiting {
  readonly told: Set<() => void>;
  readonly tellAll: () => void;
}

const waiting = new WeakMap<AbortSignal, Waiting>();

/**
 * Calls `tell` when the signal aborts, unless that is cancelled before; returns the function that cancels it. A
 * question to thousands of plants has one signal, and `addEventListener` searches all listeners each time. This costs
 * the same however many there are.
 */
export function whenAborted(signal: AbortSignal, tell: () => void): () => void {
  const { told } = waiting.get(signal) ?? listenTo(signal);
  told.add(tell);
  return () => {
    // A signal with a listener stays in memory.
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
