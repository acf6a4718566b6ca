/** The stores of an old grid, as full as they get. */
export interface Past {
  /** Requests of VMs that are gone, at each plant. */
  readonly destroyedVms: number;
  /** Actions whose durations were learnt, at each plant. */
  readonly actions: number;
  /** Entries of the audit trail. */
  readonly auditEntries: number;
  /** Auctions whose trails are kept. */
  readonly auctions: number;
  /** Requests that a plant recorded. */
  readonly requests: number;
}

export const NO_PAST: Past = { destroyedVms: 0, actions: 0, auditEntries: 0, auctions: 0, requests: 0 };

/** `BENCH_PAST=DESTROYED/ACTIONS` chooses what plants remember. */
export const LONG_PAST: Past = {
  ...plantsPast(process.env.BENCH_PAST ?? '10000/20000'),
  ...{ auditEntries: 50_000, auctions: 10_000, requests: 2_000 },
};

function plantsPast(text: string): Pick<Past, 'destroyedVms' | 'actions'> {
  const [destroyedVms = 0, actions = 0] = text.split('/').map(Number);
  return { destroyedVms, actions };
}
