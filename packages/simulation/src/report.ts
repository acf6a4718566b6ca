/** The result of a simulation. */
import type { Ledger, RequestOutcome } from './ledger.ts';
import type { SimulationOptions } from './options.ts';
import type { Violation } from './violation.ts';
import type { World } from './world/world.ts';

export interface ViolationReport {
  readonly invariant: string;
  readonly message: string;
  /** The last lines of the trace that concern it. */
  readonly trace: readonly string[];
}

export interface SimulationReport {
  readonly options: SimulationOptions;
  /** SHA-256 of all events, line by line. */
  readonly digest: string;
  readonly events: number;
  readonly faults: number;
  readonly requests: number;
  readonly made: number;
  /** Refused requests, by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Requests that became two VMs because the plant of the first was out of reach (decision 0006). */
  readonly split: number;
  /** For each verb, how often it had which outcome: `done` or a code. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly violation?: ViolationReport;
}

const TRACE_SHOWN = 60;

export interface ReportParts {
  readonly options: SimulationOptions;
  readonly world: World;
  readonly ledger: Ledger;
  readonly faults: number;
  readonly violation: Violation | undefined;
}

export function reportOf({ options, world, ledger, faults, violation }: ReportParts): SimulationReport {
  const outcomes = [...ledger.requests.values()];
  return {
    options,
    digest: world.trace.digest(),
    ...{ events: world.events, faults, requests: outcomes.length },
    made: outcomes.filter(({ kind }) => kind === 'made').length,
    refused: countByCode(outcomes),
    split: ledger.split.size,
    outcomes: ledger.outcomes,
    ...(violation ? { violation: described(violation, world) } : {}),
  };
}

function countByCode(outcomes: readonly RequestOutcome[]): Readonly<Record<string, number>> {
  const codes = outcomes.flatMap((outcome) => (outcome.kind === 'refused' ? [outcome.code] : []));
  const counted = Map.groupBy(codes, (code) => code);
  return Object.fromEntries([...counted].sort().map(([code, all]) => [code, all.length]));
}

function described({ invariant, message, about }: Violation, { trace }: World): ViolationReport {
  return { invariant, message, trace: trace.last(...about).slice(-TRACE_SHOWN) };
}
