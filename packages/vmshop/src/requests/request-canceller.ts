/**
 * Cancels requests: the work that the shop has under way, and creates that go on at a plant though this shop does not
 * know of them any more. Whatever a plant has of a cancelled create is taken away there, as soon as it tells of it.
 */
import type { OperationLookup, OperationService } from '@vmgrid/http-api';
import type { Membership, VmBook } from '@vmgrid/market';
import {
  CANCEL_DEADLINE_MS,
  type Called,
  GridError,
  keyText,
  type OperationReply,
  type QueryRequest,
  type RequestKey,
  requestAmbiguous,
  requestCancelled,
  requestKey,
  type ToldVm,
  type VmReply,
} from '@vmgrid/protocol';
import type { CancelledCreates } from './cancelled-creates.ts';

export interface RequestCancellerDeps {
  readonly operationService: Pick<OperationService, 'operation' | 'cancel'>;
  readonly cancelled: Pick<CancelledCreates, 'has' | 'add'>;
  readonly book: Pick<VmBook, 'madeOf' | 'plantIds' | 'of'>;
  readonly membership: Pick<Membership, 'find'>;
  readonly query: (request: Called<QueryRequest>) => Promise<VmReply>;
}

type Asked = Called<{ readonly requestId: string }>;

interface Made {
  readonly plantId: string;
  readonly vm: ToldVm;
}

const BEING_MADE: ReadonlySet<string> = new Set(['planned', 'cloning', 'configuring']);

export class RequestCanceller implements OperationLookup {
  readonly #deps: RequestCancellerDeps;
  /** Plants that are being told, by plant and request. */
  readonly #telling = new Set<string>();

  constructor(deps: RequestCancellerDeps) {
    this.#deps = deps;
  }

  operation(request: Asked) {
    return this.#deps.operationService.operation(request);
  }

  /** @throws GridError REQUEST_UNKNOWN, REQUEST_AMBIGUOUS, NOT_CANCELLABLE */
  async cancel(request: Asked): Promise<OperationReply> {
    try {
      const reply = await this.#deps.operationService.cancel(request);
      await this.#tellAll(this.#deps.operationService.operation(request).key);
      return reply;
    } catch (error) {
      if (!(error instanceof GridError) || error.code !== 'REQUEST_UNKNOWN') throw error;
      return (await this.#cancelUnknown(request)) ?? Promise.reject(error);
    }
  }

  /** The book of VMs has a new entry. One of a cancelled create is not to be. */
  entered(plantId: string, vm: ToldVm): void {
    if (this.#deps.cancelled.has(vm)) void this.#tell(plantId, vm);
  }

  /** Cancels a create that was asked of an earlier run of this shop, or of another shop. */
  async #cancelUnknown(request: Asked): Promise<OperationReply | undefined> {
    const { cancelled, query } = this.#deps;
    const { requestId, caller } = request;
    if (cancelled.has(requestKey(request))) return cancelledReply(requestId);
    const made = this.#madeOf(request);
    const [first] = made;
    if (!first) return undefined;
    const { vmId, state } = first.vm;
    if (vmId !== undefined && !BEING_MADE.has(state)) {
      const { vm } = await query({ vmId, ...(caller && { caller }) });
      return { requestId, verb: 'create', state: 'done', progress: [], result: { requestId, vm } };
    }
    cancelled.add(keyOf(first.vm));
    await Promise.all(made.map(({ plantId, vm }) => this.#tell(plantId, vm)));
    return cancelledReply(requestId);
  }

  /** Tells the plant of a create that was cancelled just as the plant had answered. */
  async #tellAll(key: RequestKey): Promise<void> {
    const { cancelled, book } = this.#deps;
    if (!cancelled.has(key)) return;
    await Promise.all(book.madeOf(key).map(({ plantId, vm }) => this.#tell(plantId, vm)));
  }

  /** The caller's own; else, for one who sees all, those of their only owner. @throws GridError REQUEST_AMBIGUOUS */
  #madeOf(request: Asked): readonly Made[] {
    const { book } = this.#deps;
    const own = book.madeOf(requestKey(request));
    if (own.length > 0 || request.caller?.sees !== 'all') return own;
    const all = book.plantIds().flatMap((plantId) => book.of(plantId).vms.map((vm) => ({ plantId, vm })));
    const alike = all.filter(({ vm }) => vm.requestId === request.requestId);
    const owners = new Set(alike.map(({ vm }) => vm.owner));
    if (owners.size > 1) throw requestAmbiguous(request.requestId, [...owners]);
    return alike;
  }

  /** A plant that is not here, or does not answer, is told when it tells of the request again. */
  async #tell(plantId: string, { requestId, owner }: RequestKey): Promise<void> {
    const bidder = this.#deps.membership.find(plantId);
    const caller = owner === undefined ? {} : { caller: { owner, sees: 'own' as const } };
    const work = { requestId, method: 'create' as const, ...caller };
    const text = `${plantId} ${keyText(requestKey(work))}`;
    if (!bidder || this.#telling.has(text)) return;
    this.#telling.add(text);
    await bidder.call('cancel', work, { deadlineMs: CANCEL_DEADLINE_MS }).catch(() => undefined);
    this.#telling.delete(text);
  }
}

const keyOf = ({ requestId, owner }: RequestKey): RequestKey =>
  owner === undefined ? { requestId } : { requestId, owner };

const cancelledReply = (requestId: string): OperationReply => ({
  ...{ requestId, verb: 'create', state: 'failed', progress: [] },
  error: requestCancelled(requestId).toBody(),
});
