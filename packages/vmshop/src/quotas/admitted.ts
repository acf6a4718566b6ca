/** A create that was let in: it counts here until it is awarded, then in the book of VMs, at its plant. */
import { isRefusal, type VmBook } from '@vmgrid/market';
import { GridError, type ToldVm } from '@vmgrid/protocol';

export interface Admitted<T> extends Disposable {
  /** With the lease that it gets. */
  readonly request: T;
  /** Awards it to a plant by this work. @throws what the work throws; GridError QUOTA_VMS, QUOTA_MEMORY, QUOTA_DISK */
  at<R>(plantId: string, work: () => Promise<R>): Promise<R>;
}

/** One that no limit concerns. */
export const uncounted = <T>(request: T): Admitted<T> => ({
  request,
  at: (_, work) => work(),
  [Symbol.dispose]: () => undefined,
});

export interface CountedDeps {
  readonly book: Pick<VmBook, 'pin' | 'unpin' | 'holds'>;
  /** Counts the request in or out where it is not awarded. */
  readonly count: (by: 'in' | 'out') => void;
  /** @throws GridError when one more is too much */
  readonly requireRoom: () => void;
  /** Sees to it that what the book was told is not lost with the process. */
  readonly write: () => void;
}

export class Counted<T> implements Admitted<T> {
  readonly request: T;
  readonly #vm: ToldVm;
  readonly #deps: CountedDeps;
  #isCounted = false;
  #plantId: string | undefined;

  /** `isInBackoff`: what is made of the request is there and counts already. */
  constructor(
    request: T,
    { vm, isInBackoff }: { readonly vm: ToldVm; readonly isInBackoff: boolean },
    deps: CountedDeps,
  ) {
    this.request = request;
    this.#vm = vm;
    this.#deps = deps;
    if (!isInBackoff) this.#count(true);
  }

  async at<R>(plantId: string, work: () => Promise<R>): Promise<R> {
    this.#award(plantId);
    try {
      return await work();
    } catch (error) {
      if (isRefusal(GridError.from(error))) this.#takeBack(plantId);
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#count(false);
    if (this.#plantId !== undefined) this.#deps.book.unpin(this.#plantId, this.#vm, { refused: false });
  }

  #award(plantId: string): void {
    const { book, requireRoom, write } = this.#deps;
    if (!this.#isCounted && !book.holds(plantId, this.#vm)) requireRoom(); // its VM is not where it was
    book.pin(plantId, this.#vm);
    this.#plantId = plantId;
    this.#count(false);
    write();
  }

  #takeBack(plantId: string): void {
    const { book } = this.#deps;
    book.unpin(plantId, this.#vm, { refused: true });
    this.#plantId = undefined;
    this.#count(!book.holds(plantId, this.#vm));
  }

  #count(isCounted: boolean): void {
    if (this.#isCounted === isCounted) return;
    this.#isCounted = isCounted;
    this.#deps.count(isCounted ? 'in' : 'out');
  }
}
