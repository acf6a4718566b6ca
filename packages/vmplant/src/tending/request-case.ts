import { type Durations, durationKey, type PreparedRequest, Prices } from '@vmgrid/bidding';
import { type DagIndex, indexDag } from '@vmgrid/dag';
import type { MachineSpec } from '@vmgrid/protocol';
import { SUGGEST_LIMITS } from './limits.ts';
import type { RecordedAction, RecordedRequest } from './recorded-request.ts';

/** Requests for the same thing, however often they came, prepared for the planner. */
export interface RequestCase extends PreparedRequest {
  /** Number of the requests. */
  readonly count: number;
  readonly shape: string;
  readonly actions: readonly RecordedAction[];
}

/**
 * Groups the recorded requests by what they ask for, the most frequent first; the rarest are left out when there are
 * too many.
 */
export function* requestCases(
  requests: readonly RecordedRequest[],
  learnt: Durations,
  most: number = SUGGEST_LIMITS.cases,
): Generator<void, readonly RequestCase[]> {
  const measured = new Map<string, number>();
  const alike = new Map<string, RecordedRequest[]>();
  for (const request of requests) {
    yield;
    measure(request, measured);
    const key = `${request.shape} ${machineKey(request.machine)}`;
    const before = alike.get(key);
    if (before) before.push(request);
    else alike.set(key, [request]);
  }
  const durations = withMeasured(learnt, measured);
  const kinds = [...alike.values()].sort((a, b) => b.length - a.length).slice(0, most);
  const cases: RequestCase[] = [];
  for (const same of kinds) {
    yield;
    cases.push(requestCase(same[0]!, same.length, durations));
  }
  return cases;
}

/** Returns equal texts for machines that one suspended image can become. */
export const machineKey = ({ arch, os, memoryMiB, cpus, diskMiB, line }: MachineSpec): string =>
  JSON.stringify([arch, os, memoryMiB, cpus, diskMiB, line]);

function requestCase({ machine, shape, actions, edges }: RecordedRequest, count: number, durations: Durations) {
  const named = edges.map(([from, to]) => ({ from: actions[from]!.id, to: actions[to]!.id }));
  const dag: DagIndex = indexDag(
    { actions, edges: named },
    actions.map(({ digest }) => digest),
  );
  return { ...{ machine, shape, actions, count, dag }, prices: new Prices({ actions }, dag, durations) };
}

/** Records the durations of a request's actions, unless a later request has. */
function measure({ actions }: RecordedRequest, measured: Map<string, number>): void {
  for (const { digest, seconds } of actions) {
    const key = durationKey.action(digest);
    if (seconds !== undefined && !measured.has(key)) measured.set(key, seconds);
  }
}

/** Adds durations that the plant never learnt, such as those of secret actions, as they were last measured. */
const withMeasured = (learnt: Durations, measured: ReadonlyMap<string, number>): Durations => ({
  expect: (...keys) =>
    keys.map((key) => learnt.expect(key) ?? measured.get(key)).find((seconds) => seconds !== undefined),
  least: (start) => learnt.least(start),
});
