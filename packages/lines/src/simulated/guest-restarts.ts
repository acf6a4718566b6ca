import { abortable, aborted } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { Restart } from '../production-line.ts';

/** Whether a guest on paper has started anew since its last run began. */
export class GuestRestarts {
  #run = new AbortController();

  /** A run begins. Returns what fires with GUEST_RESTARTED when the guest starts anew. */
  begin(): AbortSignal {
    this.#run = new AbortController();
    return this.#run.signal;
  }

  startAnew(): void {
    this.#run.abort(new GridError('GUEST_RESTARTED', 'the guest started anew while a command ran in it'));
  }

  /** Resolves once it has. @throws the signal's reason */
  async restarted(signal: AbortSignal): Promise<Restart> {
    await abortable(aborted(this.#run.signal), signal);
    return 'asked';
  }
}
