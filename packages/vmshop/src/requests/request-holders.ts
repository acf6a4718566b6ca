/**
 * Finds the plant that has the VM of a request. Only this plant may be awarded the request again. While it is away no
 * plant is, since that would make a second VM. A forgotten plant, or a lease that has ended, no longer counts.
 */
import type { Absences, Auction, Roll, VmBook } from '@vmgrid/market';
import { type ClassAdJson, GridError, type RequestKey } from '@vmgrid/protocol';

export interface RequestHoldersDeps {
  readonly book: Pick<VmBook, 'madeOf'>;
  readonly absences: Pick<Absences, 'all'>;
  readonly roll: Pick<Roll, 'find'>;
}

export class RequestHolders {
  readonly #deps: RequestHoldersDeps;
  readonly #returnMs: number;

  /** `plantReturnMs`: how long a holder that is away is waited for. */
  constructor(deps: RequestHoldersDeps, { plantReturnMs }: { readonly plantReturnMs: number }) {
    this.#deps = deps;
    this.#returnMs = plantReturnMs;
  }

  /** Waits until the holders are here. @throws GridError PLANT_LOST; what the signal aborts with */
  async awaitAll(request: RequestKey, signal: AbortSignal): Promise<void> {
    const { book, absences, roll } = this.#deps;
    const made = book.madeOf(request);
    if (made.length === 0) return;
    const absent = new Set(absences.all().map(({ plantId }) => plantId));
    for (const { plantId } of made.filter((one) => absent.has(one.plantId))) {
      await roll.find(plantId, { waitMs: this.#returnMs, signal }).catch((cause) => {
        signal.throwIfAborted();
        throw holderLost({ plantId, request, why: 'is not here' }, cause);
      });
    }
  }

  /** @throws GridError PLANT_LOST when a holder, which is here, made no bid: it may hang */
  requireBid(request: RequestKey, { bids }: Auction): void {
    const holders = this.#deps.book.madeOf(request).map(({ plantId }) => plantId);
    if (holders.length === 0 || bids.some(({ plantId }) => holders.includes(plantId))) return;
    throw holderLost({ plantId: holders[0]!, request, why: 'does not answer' });
  }

  /** The classad of a VM, with the ids of the others that were made of its request, if it is split. */
  withSplit(ad: ClassAdJson): ClassAdJson {
    const { RequestId, Owner, VmId } = ad;
    const key = { requestId: String(RequestId), ...(typeof Owner === 'string' && { owner: Owner }) };
    const others = this.#deps.book.madeOf(key).flatMap(({ vm: { vmId } }) => (vmId === VmId ? [] : (vmId ?? [])));
    return others.length === 0 ? ad : { ...ad, SplitWith: others };
  }
}

interface LostHolder {
  readonly plantId: string;
  readonly request: RequestKey;
  readonly why: string;
}

function holderLost({ plantId, request: { requestId }, why }: LostHolder, cause?: unknown): GridError {
  const message =
    `the plant ${plantId}, which may have the VM of the request ${requestId}, ${why}: no second one is made. ` +
    'If it is not to come back, use a new request id';
  return new GridError('PLANT_LOST', message, { plantId, requestId }, { cause });
}
