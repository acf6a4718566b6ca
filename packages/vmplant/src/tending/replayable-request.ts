import { pseudonymOf, type ReplayableRequest } from '@vmgrid/protocol';
import type { RecordedRequest } from './recorded-request.ts';

/** Phases that a replay needs: those of starting the machine. */
const STARTING = ['boot', 'restore', 'agent'] as const;

/**
 * Returns the part of a recorded request that is exported: nothing that its client chose, and no digest from which a
 * text could be guessed.
 */
export function replayable(
  { at, machine, actions, edges, imageId, line, start, phasesMs }: RecordedRequest,
  pseudonymKey: string,
): ReplayableRequest {
  const measured = STARTING.flatMap((phase) => (phasesMs[phase] === undefined ? [] : [[phase, phasesMs[phase]]]));
  return {
    ...{ at, machine, line, start, imageId: pseudonymOf(pseudonymKey, imageId) },
    actions: actions.map(({ digest, kind, seconds }, index) => ({
      ...{ id: `a${index + 1}`, digest: pseudonymOf(pseudonymKey, digest), kind },
      ...(seconds === undefined ? {} : { seconds }),
    })),
    edges: edges.map(([from, to]) => ({ from, to })),
    phasesMs: Object.fromEntries(measured),
  };
}
