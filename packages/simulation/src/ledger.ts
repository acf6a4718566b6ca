/** The promises to clients and what became of them: the simulation's own account, which no part of the grid can see. */
import type { Trail, VmReply } from '@vmgrid/protocol';
import type { VmRecord } from '@vmgrid/vmplant';

/** A VM that a client has been told about. */
export interface Promised {
  readonly vmId: string;
  readonly plantId: string;
  readonly requestId: string;
}

export type RequestOutcome =
  | { readonly kind: 'open' }
  | {
      readonly kind: 'made';
      readonly vmId: string;
      readonly plantId: string;
      readonly readyMs: number;
      readonly cached: boolean;
    }
  | { readonly kind: 'refused'; readonly code: string };

export interface Changes {
  readonly appeared: readonly {
    readonly vmId: string;
    readonly requestId: string;
    readonly others: readonly string[];
  }[];
  readonly gone: readonly string[];
}

interface FormerHolder {
  readonly plantId: string;
  readonly since: number;
  readonly until: number;
}

export class Ledger {
  readonly requests = new Map<string, RequestOutcome>();
  /** Requests to shops that have not been answered yet. */
  readonly #open = new Map<string, string>();
  /** Requests for VMs that have been answered. */
  #answered = 0;
  /** How often each verb had which outcome: `done` or a code. */
  readonly #outcomes = new Map<string, Map<string, number>>();
  /** By VM. */
  readonly promised = new Map<string, Promised>();
  /** By plant, because plants are checked one at a time. */
  readonly promisedBy = new Map<string, Set<string>>();
  /** VM and request of each record that a plant had at the last check. */
  readonly #records = new Map<string, ReadonlyMap<string, string>>();
  /** For each request, the plants that have a VM of it, and since when. */
  readonly #holders = new Map<string, Map<string, number>>();
  /** For each request, plants that had a VM of it that is gone. */
  readonly #formerHolders = new Map<string, readonly FormerHolder[]>();
  /** Requests that became two VMs while the holder of the first was out of reach. */
  readonly split = new Set<string>();

  ask(requestId: string, verb: string): void {
    this.#open.set(requestId, verb);
  }

  /** `outcome`: `done` or a code. */
  answer(requestId: string, outcome: string): void {
    const verb = this.#open.get(requestId) ?? '';
    this.#open.delete(requestId);
    const counts = this.#outcomes.get(verb) ?? new Map<string, number>();
    this.#outcomes.set(verb, counts.set(outcome, (counts.get(outcome) ?? 0) + 1));
  }

  /** The number of requests for VMs that have been answered. */
  get answered(): number {
    return this.#answered;
  }

  /** Whether a client waits for the answer. */
  isOpen(requestId: string): boolean {
    return this.#open.has(requestId);
  }

  /** Ids of requests that were never answered. */
  get unanswered(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** For each verb, how often it had which outcome. */
  get outcomes(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    const sorted = [...this.#outcomes].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted.map(([verb, counts]) => [verb, Object.fromEntries([...counts].sort())]));
  }

  open(requestId: string): void {
    this.requests.set(requestId, { kind: 'open' });
  }

  refuse(requestId: string, code: string): void {
    this.#answered += 1;
    this.requests.set(requestId, { kind: 'refused', code });
  }

  /** A client has been answered. `readyMs`: since it first asked. */
  promise(requestId: string, { vm }: VmReply, readyMs: number): Promised {
    const promised = { vmId: String(vm.VmId), plantId: String(vm.Plant), requestId };
    this.#answered += 1;
    this.requests.set(requestId, { ...promised, kind: 'made', readyMs, cached: Number(vm.ActionsCached) > 0 });
    this.promised.set(promised.vmId, promised);
    this.promisedBy.set(promised.plantId, (this.promisedBy.get(promised.plantId) ?? new Set()).add(promised.vmId));
    return promised;
  }

  /** Compares the records of a plant with those at the last check. */
  follow(plantId: string, records: readonly VmRecord[], now: number): Changes {
    const before = this.#records.get(plantId) ?? new Map<string, string>();
    const after = new Map(records.map(({ vmId, requestId }) => [vmId, requestId]));
    this.#records.set(plantId, after);
    const gone = [...before].filter(([vmId]) => !after.has(vmId));
    for (const [, requestId] of gone) this.#release(requestId, plantId, now);
    const appeared = [...after].filter(([vmId]) => !before.has(vmId));
    return {
      gone: gone.map(([vmId]) => vmId),
      appeared: appeared.map(([vmId, requestId]) => ({ vmId, requestId, others: this.#hold(requestId, plantId, now) })),
    };
  }

  /** Notes that a plant has a VM of a request. Returns the other plants that have one. */
  #hold(requestId: string, plantId: string, now: number): readonly string[] {
    const holders = this.#holders.get(requestId) ?? new Map<string, number>();
    this.#holders.set(requestId, holders);
    const others = [...holders.keys()].filter((other) => other !== plantId);
    holders.set(plantId, now);
    return others;
  }

  #release(requestId: string, plantId: string, now: number): void {
    const holders = this.#holders.get(requestId);
    const since = holders?.get(plantId);
    if (since === undefined) return;
    holders?.delete(plantId);
    const former = this.#formerHolders.get(requestId) ?? [];
    this.#formerHolders.set(requestId, [...former, { plantId, since, until: now }]);
  }

  /** Whether the plant had a VM of the request at that time, the same VM or another. */
  #heldAt(requestId: string, plantId: string, at: number): boolean {
    const since = this.#holders.get(requestId)?.get(plantId);
    if (since !== undefined && since < at) return true;
    const former = this.#formerHolders.get(requestId) ?? [];
    return former.some((one) => one.plantId === plantId && one.since < at && one.until >= at);
  }

  /** Whether a plant other than the promised one has a VM of the request. */
  hasOtherHolders({ requestId, plantId }: Promised): boolean {
    return [...(this.#holders.get(requestId)?.keys() ?? [])].some((holder) => holder !== plantId);
  }

  /**
   * Returns the plants that had the VM of the request before the auction was opened, answered in it, and did not win.
   */
  passedOver({ requestId, plantId: winner }: Promised, trail: Trail): readonly string[] {
    const openedAt = Date.parse(trail.openedAt);
    // When two plants had it, either may win: another auction is to blame for the two.
    if (this.#heldAt(requestId, winner, openedAt)) return [];
    const holders = [...(this.#holders.get(requestId) ?? [])].filter(
      ([plantId, at]) => plantId !== winner && at < openedAt,
    );
    const answered = new Map(trail.answers.map((answer) => [answer.plantId, answer.outcome]));
    return holders.map(([plantId]) => plantId).filter((plantId) => answered.get(plantId) === 'bid');
  }
}
