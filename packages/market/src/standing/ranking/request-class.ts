/** Prepares the part of a request that decides about bids, once for all requests that are alike. */
import {
  type Candidates,
  durationKey,
  findCandidates,
  freshSince,
  hash53,
  type ImageIndex,
  isAgeing,
  type LineReports,
  NEVER_STALE,
  nearestOptions,
  OPTIONS_OF_A_PLAN,
  Prices,
  planAd,
  requirePlan,
  summarizeOptions,
} from '@vmgrid/bidding';
import { type ClassAd, type Expression, parseExpression } from '@vmgrid/classad';
import { type Action, type DagIndex, prepareDag } from '@vmgrid/dag';
import { type CreateRequest, GridError, type PlanSummary, requestAd } from '@vmgrid/protocol';
import { NOBODY, type OwnerClass } from '../offers/owner-shares.ts';
import type { PublishedDurations } from '../offers/published-durations.ts';
import { type StandingPlant, shared } from '../offers/standing-plant.ts';

/** Images that match up to which all are priced for each plant; beyond, each plant is searched for with bounds. */
const CANDIDATES = 200;

/**
 * Requests of one class have equal keys. The name of a request and the later life of its VM are not part of the key.
 */
export function classKey({ machine, dag, destruction, lease, requirements, rank }: CreateRequest): string {
  const hostActions = destruction?.actions.flatMap((action) => (action.kind === 'host' ? action.name : []));
  return JSON.stringify([machine, dag, hostActions, lease, requirements, rank]);
}

/** Returns at most the length of the key. It is found without writing one, which takes long for a large request. */
export const leastKeyChars = ({ dag }: CreateRequest): number =>
  dag.actions.reduce((chars, action) => chars + textOf(action).length, 0);

function textOf(action: Action): string {
  if (action.kind === 'script') return action.script;
  return action.kind === 'file' ? (action.content ?? '') : '';
}

/** A plan, also as cost expressions see it. */
export interface Planned {
  readonly plan: PlanSummary;
  readonly ad: ClassAd;
}

interface Outcome {
  readonly images: ImageIndex;
  readonly lines: LineReports;
  readonly durations: PublishedDurations;
  readonly planned: Planned | GridError;
  /** The outcome is known to be right up to this version of the durations. */
  version: number;
}

export class RequestClass {
  readonly request: CreateRequest;
  readonly owner: OwnerClass;
  readonly my: ClassAd;
  readonly requirements: Expression | undefined;
  readonly rank: Expression | undefined;
  readonly #dag: DagIndex;
  /** Keys of the durations that plans depend on beside starts, as `PublishedDurations` notes them. */
  readonly #concerns: ReadonlySet<number>;
  /** By plant. */
  readonly #outcomes = new Map<string, Outcome>();
  /** By their JSON: very many plants have very few. */
  readonly #plans = new Map<string, Planned>();
  readonly #candidates = new WeakMap<ImageIndex, Map<LineReports, Candidates | undefined>>();

  /** @throws ClassAdSyntaxError when `requirements` or `rank` do not parse */
  constructor(request: CreateRequest, owner: OwnerClass = NOBODY, dag: DagIndex = prepareDag(request.dag)) {
    this.request = request;
    this.owner = owner;
    this.my = requestAd(request);
    this.requirements = parsed(request.requirements);
    this.rank = parsed(request.rank);
    this.#dag = dag;
    const keys = [...this.#dag.groupOfDigest.keys()].map(durationKey.action);
    this.#concerns = new Set([...keys, ...request.dag.actions.map(({ kind }) => durationKey.kind(kind))].map(hash53));
  }

  /**
   * The plan of a plant, which lasts as long as its images, its lines, and the durations that it depends on. `now` is
   * read only where results get too old: such a class is good for one time. @throws GridError LINE_UNAVAILABLE,
   * NO_IMAGE
   */
  plan(plant: StandingPlant, now?: Date): Planned {
    const { plantId, images, lines, durations } = plant;
    const { version } = durations;
    let outcome = this.#outcomes.get(plantId);
    const isSame = outcome?.images === images && outcome.lines === lines && outcome.durations === durations;
    if (!outcome || !isSame || durations.hasChanged(outcome.version, this.#concerns)) {
      outcome = { images, lines, durations, planned: this.#tryPlan(plant, now), version };
      this.#outcomes.set(plantId, outcome);
    }
    outcome.version = version;
    if (outcome.planned instanceof GridError) throw outcome.planned;
    return outcome.planned;
  }

  /** The offer of the plant stands no more. */
  forget(plantId: string): void {
    this.#outcomes.delete(plantId);
  }

  #tryPlan(plant: StandingPlant, now?: Date): Planned | GridError {
    try {
      const plan = this.#plan(plant, now);
      return shared(this.#plans, JSON.stringify(plan), () => ({ plan, ad: planAd(plan) }));
    } catch (error) {
      if (error instanceof GridError) return error;
      throw error;
    }
  }

  #plan({ images, lines, durations }: StandingPlant, now?: Date): PlanSummary {
    const { machine, dag } = this.request;
    return requirePlan(machine, { images, lines }, () => {
      const prices = new Prices(dag, this.#dag, durations);
      const fresh = isAgeing(dag.actions) ? freshSince(dag.actions, this.#dag.digests, now?.getTime()) : NEVER_STALE;
      let undecided = 0;
      const gaveUp = (images: number) => {
        undecided += images;
      };
      const prepared = { machine, dag: this.#dag, prices, fresh, gaveUp };
      const options =
        this.#candidatesOf(images, lines)?.nearest(prepared, OPTIONS_OF_A_PLAN) ??
        nearestOptions(prepared, { images, lines }, OPTIONS_OF_A_PLAN);
      return summarizeOptions(options, { actions: dag.actions.length, isCoarse: prices.isCoarse, undecided });
    });
  }

  /** Matched once for all plants with equal images and lines. */
  #candidatesOf(images: ImageIndex, lines: LineReports): Candidates | undefined {
    const ofImages = this.#candidates.get(images) ?? new Map<LineReports, Candidates | undefined>();
    this.#candidates.set(images, ofImages);
    if (!ofImages.has(lines)) {
      ofImages.set(
        lines,
        findCandidates({ machine: this.request.machine, dag: this.#dag }, { images, lines }, CANDIDATES),
      );
    }
    return ofImages.get(lines);
  }
}

const parsed = (text: string | undefined): Expression | undefined =>
  text === undefined ? undefined : parseExpression(text);
