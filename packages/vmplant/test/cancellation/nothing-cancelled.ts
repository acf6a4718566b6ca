import { RequestFingerprints } from '@vmgrid/bidding';
import { CancelledRequests } from '../../src/cancellation/cancelled-requests.ts';
import { Canceller } from '../../src/cancellation/canceller.ts';
import { openDatabaseInMemory } from '../../src/database.ts';

/** The canceller of a plant that was never asked to cancel anything. */
export const NOTHING_CANCELLED = new Canceller({
  cancelled: new CancelledRequests(openDatabaseInMemory(), {
    requests: new RequestFingerprints(),
    destroyedVms: { forget: () => undefined },
  }),
  registry: { all: () => [], byRequest: () => undefined },
  collector: { collect: () => Promise.reject(new Error('nothing is collected')) },
});
