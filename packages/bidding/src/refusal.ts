/** Refuses requests before any image is looked at. Pure: the plant and its brokers refuse alike. */
import type { Dag } from '@vmgrid/dag';
import { type CreateRequest, formatDuration, GridError, type PlantSnapshot, parseDuration } from '@vmgrid/protocol';
import { type Capacity, lackOf } from './admission.ts';

/** The parts of a request for which a plant may refuse it. */
export type Wanted = Pick<CreateRequest, 'machine' | 'dag' | 'destruction' | 'lease'>;

export interface PlantTerms {
  readonly plant: PlantSnapshot;
  readonly leaseMaxMs: number;
}

export function refusalOf(wanted: Wanted, { plant, leaseMaxMs }: PlantTerms): GridError | undefined {
  return (
    drainingRefusal(plant) ??
    leaseRefusal(wanted.lease, leaseMaxMs) ??
    dagRefusal(plant.capacity, wanted.dag, wanted.destruction) ??
    hostActionRefusal(hostActionNames(wanted.dag, wanted.destruction), plant.hostActions) ??
    lackOf(wanted.machine, plant)
  );
}

export const drainingRefusal = ({ draining, plantId }: Pick<PlantSnapshot, 'draining' | 'plantId'>) =>
  draining ? new GridError('DRAINING', `the plant ${plantId} is shutting down`) : undefined;

function leaseRefusal(lease: string | undefined, maximumMs: number): GridError | undefined {
  if (lease === undefined || parseDuration(lease) <= maximumMs) return undefined;
  const maximum = formatDuration(maximumMs);
  return new GridError('LEASE_TOO_LONG', `the lease is ${lease}, this plant grants at most ${maximum}`, {
    lease,
    maximum,
  });
}

/** Returns why one of these DAGs is longer than the plant allows. */
export function dagRefusal(
  { actionsPerDag: limit }: Pick<Capacity, 'actionsPerDag'>,
  ...dags: readonly (Dag | undefined)[]
): GridError | undefined {
  if (limit === undefined) return undefined;
  const actions = Math.max(0, ...dags.map((dag) => dag?.actions.length ?? 0));
  if (actions <= limit) return undefined;
  return new GridError('DAG_TOO_LARGE', `a DAG has ${actions} actions, this plant takes at most ${limit}`, {
    actions,
    limit,
  });
}

/** Returns the names of the host actions in DAGs. */
export const hostActionNames = (...dags: readonly (Dag | undefined)[]): string[] =>
  dags.flatMap((dag) => dag?.actions.filter((action) => action.kind === 'host').map(({ name }) => name) ?? []);

/** Returns a refusal that names each missing host action. */
export function hostActionRefusal(wanted: readonly string[], known: readonly string[]): GridError | undefined {
  if (wanted.length === 0) return undefined;
  const missing = [...new Set(wanted)].filter((name) => !known.includes(name));
  if (missing.length === 0) return undefined;
  const message = `no host action ${missing.join(', ')}; there are: ${known.join(', ') || 'none'}`;
  return new GridError('HOST_ACTION_UNKNOWN', message, { missing, known: [...known] });
}
