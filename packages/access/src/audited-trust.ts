/** Notes in the audit trail whom links refuse, and why. */
import type { IncomingMessage } from 'node:http';
import { GridError, type LinkIdentity, type LinkTrust } from '@vmgrid/protocol';
import type { AuditSink } from './audit-note.ts';
import type { GridOperation } from './grants.ts';

export function auditedTrust(trust: LinkTrust, audit: AuditSink): LinkTrust {
  const noting = <T>(operation: GridOperation, { socket }: IncomingMessage, look: (note: Note) => T): T => {
    const from = socket.remoteAddress;
    const note: Note = (outcome, more = { target: '' }) =>
      audit.add({ door: 'link', operation, outcome, ...more, ...(from !== undefined && { from }) });
    try {
      return look(note);
    } catch (error) {
      note(GridError.from(error).code);
      throw error;
    }
  };
  return {
    credentials: () => trust.credentials(),
    admitBelow: (request) => noting('link.register', request, (note) => notingNames(trust.admitBelow(request), note)),
    admitAbove: (request) => noting('link.command', request, () => trust.admitAbove(request)),
    recognizeBelow: (response) =>
      noting('link.register', response, (note) => notingNames(trust.recognizeBelow(response), note)),
    recognizeAbove: (response) => noting('link.command', response, () => trust.recognizeAbove(response)),
  };
}

type Note = (outcome: string, more?: { readonly target: string; readonly credential?: string }) => void;

/** A bidder whose name is not that of its credentials is refused when it says the name. */
const notingNames = (identity: LinkIdentity, note: Note): LinkIdentity => ({
  ...identity,
  mayBe(hello) {
    const isItself = identity.mayBe(hello);
    if (!isItself) note('FORBIDDEN', { target: hello.plantId, credential: identity.name });
    return isItself;
  },
});
