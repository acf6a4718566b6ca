/** Options of a simulation. The same options and the same seed give the same run. */
export const FAULT_LEVELS = ['none', 'some', 'many'] as const;
export type FaultLevel = (typeof FAULT_LEVELS)[number];

export const OFFER_KINDS = ['asked', 'standing'] as const;
export type OfferKind = (typeof OFFER_KINDS)[number];

export interface SimulationOptions {
  readonly seed: string;
  readonly plants: number;
  readonly shops: number;
  /**
   * Brokers at each level, from the top: `[2, 6]` means 2 below the shops and 6 below those. None: plants dial the
   * shops.
   */
  readonly brokers: readonly number[];
  readonly requests: number;
  /** Virtual seconds in which the requests arrive and the faults happen. */
  readonly seconds: number;
  readonly faults: FaultLevel;
  /** A preset or an expression. */
  readonly cost: string;
  /** Whether plants are asked for each bid, or publish what their bids depend on. */
  readonly offers: OfferKind;
  /** Most deeds with a VM between its creation and its end: it is suspended, resumed, configured or renewed. */
  readonly deeds: number;
  /** Golden images that are built meanwhile. */
  readonly builds: number;
}

export const DEFAULTS: SimulationOptions = {
  ...{ seed: '1', plants: 20, shops: 2, brokers: [], requests: 60, seconds: 300 },
  ...{ faults: 'some', cost: 'memory', offers: 'asked', deeds: 3, builds: 6 },
};

interface Levels {
  readonly faultEveryMs: number;
  readonly lossRate: number;
  readonly repeatRate: number;
  readonly failureRate: number;
  readonly actionFailureRate: number;
  readonly hangRate: number;
}

export const LEVELS: Readonly<Record<FaultLevel, Levels>> = {
  none: { faultEveryMs: Infinity, lossRate: 0, repeatRate: 0, failureRate: 0, actionFailureRate: 0, hangRate: 0 },
  some: {
    ...{ faultEveryMs: 15_000, lossRate: 0.002, repeatRate: 0.005 },
    ...{ failureRate: 0.02, actionFailureRate: 0.01, hangRate: 0.01 },
  },
  many: {
    ...{ faultEveryMs: 3_000, lossRate: 0.02, repeatRate: 0.03 },
    ...{ failureRate: 0.1, actionFailureRate: 0.05, hangRate: 0.05 },
  },
};
