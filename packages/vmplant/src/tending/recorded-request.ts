/**
 * The plant's record of a request that it carried out: the form of the DAG, digests instead of actions, and times. It
 * never holds the text of an action. A secret action does not even leave its digest, from which a short secret could be
 * guessed: a hash of the action's id stands for it, as no image ever holds a secret action.
 */
import { createHash } from 'node:crypto';
import type { Plan } from '@vmgrid/bidding';
import { type Action, digestAction, restartsMachine } from '@vmgrid/dag';
import type { CreateRequest, LineName, MachineSpec } from '@vmgrid/protocol';
import type { Configuration } from '../configuration/configuration.ts';

export interface RecordedAction {
  readonly id: string;
  readonly digest: string;
  readonly kind: Action['kind'];
  readonly secret?: true;
  /** Whether no image may stand for the action, or only for a short time. */
  readonly perMachine?: true;
  /** The machine restarts as it ends. */
  readonly reboot?: true;
  /** Measured; left out when the image stood for the action or it failed. */
  readonly seconds?: number;
}

export interface RecordedRequest {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly requestId: string;
  readonly machine: MachineSpec;
  /** Equal for requests whose actions do the same and have the same order in the list and in the DAG. */
  readonly shape: string;
  readonly actions: readonly RecordedAction[];
  /** Pairs of indexes into the actions: the first runs before the second. */
  readonly edges: readonly (readonly [number, number])[];
  readonly imageId: string;
  readonly line: LineName;
  readonly start: Plan['start'];
  readonly phasesMs: Readonly<Record<string, number>>;
}

/** A creation that made its machine: the plan that was carried out, and the duration of each step. */
export interface CompletedCreation {
  readonly at: number;
  readonly plan: Pick<Plan, 'image' | 'line' | 'start'>;
  readonly phasesMs: Readonly<Record<string, number>>;
  readonly configuration: Pick<Configuration, 'history'>;
}

type Described = Pick<CreateRequest, 'machine' | 'dag'> & { readonly requestId: string };

/** Makes the record of a request. The time is linear, except for the SHA-256 of every action. */
export function recordedRequest({ requestId, machine, dag }: Described, creation: CompletedCreation): RecordedRequest {
  const { at, plan, phasesMs, configuration } = creation;
  const seconds = new Map(configuration.history.map((entry) => [entry.id, entry.seconds]));
  const actions = dag.actions.map((action) => recordedAction(action, seconds.get(action.id)));
  const numbers = new Map(dag.actions.map(({ id }, number) => [id, number]));
  const edges = (dag.edges ?? []).map(({ from, to }) => [numbers.get(from)!, numbers.get(to)!] as const);
  return {
    ...{ at, requestId, machine, actions, edges, phasesMs },
    shape: sha256(JSON.stringify([actions.map(({ digest }) => digest), edges])),
    imageId: plan.image.manifest.id,
    line: plan.line,
    start: plan.start,
  };
}

function recordedAction(action: Action, seconds: number | undefined): RecordedAction {
  const { id, kind, secret, perMachine, freshness } = action;
  return {
    ...{ id, kind },
    digest: secret ? sha256(`vmgrid-secret-action\n${id}`) : digestAction(action),
    ...(secret ? { secret: true } : {}),
    ...(perMachine || freshness ? { perMachine: true } : {}),
    ...(restartsMachine(action) ? { reboot: true } : {}),
    ...(seconds === undefined ? {} : { seconds }),
  };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
