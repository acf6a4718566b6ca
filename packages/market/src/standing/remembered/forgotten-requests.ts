/** Up to when plants have forgotten the requests that they carried out: of all that have published, the latest. */
import { expiryOf, type Remembering } from '@vmgrid/bidding';
import type { GridError } from '@vmgrid/protocol';

export class ForgottenRequests {
  #latest: Remembering | undefined;

  /** Counts from now on, also when the plant has left. */
  note(remembering: Remembering): void {
    if (remembering.forgottenUntil > (this.#latest?.forgottenUntil ?? 0)) this.#latest = remembering;
  }

  /** Why a request that nobody holds is not carried out. `now`: milliseconds since the epoch. */
  expiry(requestId: string, now: number): GridError | undefined {
    return this.#latest && expiryOf(requestId, this.#latest, now);
  }
}
