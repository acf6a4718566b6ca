/** The creates that were cancelled, so that none of them makes a VM later: asked for again, or carried late. */
import type { DatabaseSync } from 'node:sqlite';
import type { RequestBook } from '@vmgrid/bidding';
import { KeptSet, keptSetSchema } from '@vmgrid/daemon';
import { type GridError, ifRoom, keyText, type RequestKey, requestCancelled } from '@vmgrid/protocol';
import type { DestroyedVms } from '../vms/destroyed-vms.ts';

/**
 * How many are remembered; the oldest go first. With the destroyed VMs that are, and as many VMs as a plant may have,
 * they are no more than a plant publishes (`STANDING_LIMITS.held`).
 */
export const CANCELLED_KEPT = 2_000;

const TABLE = 'cancelled';
export const CANCELLED_SCHEMA = keptSetSchema(TABLE);

export interface CancelledRequestsDeps {
  /** Called with each request as it is remembered or forgotten: then other shops ask the plant about it. */
  readonly requests: RequestBook;
  readonly destroyedVms: Pick<DestroyedVms, 'forget'>;
}

export class CancelledRequests {
  readonly #kept: KeptSet;
  readonly #deps: CancelledRequestsDeps;

  constructor(database: DatabaseSync, deps: CancelledRequestsDeps) {
    this.#deps = deps;
    this.#kept = new KeptSet(database, TABLE, { most: CANCELLED_KEPT, dropped: (text) => this.#dropped(text) });
    for (const text of this.#kept.values()) deps.requests.add(requestIdOf(text));
  }

  has(key: RequestKey): boolean {
    return this.#kept.has(keyText(key));
  }

  /** Idempotent. On a full disk the request is remembered until the process ends. */
  add(key: RequestKey): void {
    if (this.has(key)) return;
    this.#deps.requests.add(key.requestId);
    ifRoom(() => this.#kept.add(keyText(key)));
  }

  /** Why a request is not carried out. */
  refusal(key: RequestKey): GridError | undefined {
    return this.has(key) ? requestCancelled(key.requestId) : undefined;
  }

  #dropped(text: string): void {
    const requestId = requestIdOf(text);
    this.#deps.requests.drop(requestId);
    this.#deps.destroyedVms.forget(requestId);
  }
}

/** Reads the text of a key: a request id has no space. */
const requestIdOf = (text: string): string => text.slice(0, text.indexOf(' '));
