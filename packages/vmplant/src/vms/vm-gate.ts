/** Allows one piece of work at a time on a machine. Taking the VM away first ends the work in progress. */
import { GridError } from '@vmgrid/protocol';

interface UnderWay {
  readonly controller: AbortController;
  readonly ended: Promise<unknown>;
}

export class VmGate {
  readonly #underWay = new Map<string, UnderWay>();

  /**
   * Runs the work with a signal that also aborts when the VM is cleared. @throws GridError VM_STATE while other work
   * runs
   */
  async enter<T>(vmId: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#underWay.has(vmId)) {
      throw new GridError('VM_STATE', `another request works on ${vmId}`, { vmId, state: 'busy' });
    }
    const controller = new AbortController();
    const done = work(AbortSignal.any([signal, controller.signal]));
    this.#underWay.set(vmId, { controller, ended: done.catch(() => undefined) });
    try {
      return await done;
    } finally {
      this.#underWay.delete(vmId);
    }
  }

  /** Ends the work in progress on the VM, for this reason; resolves when the work has undone itself. */
  async clear(vmId: string, reason: GridError): Promise<void> {
    const work = this.#underWay.get(vmId);
    work?.controller.abort(reason);
    await work?.ended;
  }
}
