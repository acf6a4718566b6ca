/**
 * Prices a plan. The cost is the operator's ClassAd expression over the request (MY), the plant (TARGET) and the plan
 * (PLAN); the lowest wins. Pure: the same request, ad and plan give the same cost.
 */
import {
  type Ad,
  ClassAd,
  type Expression,
  evaluate,
  explainRequirements,
  parseExpression,
  toJsValue,
} from '@vmgrid/classad';
import { GridError, type PlanSummary, requestAd } from '@vmgrid/protocol';

/** Cost expressions that the configuration can name. */
export const COST_PRESETS: Readonly<Record<string, string>> = {
  /** Slide 18 of Krsul et al.: the share of the free memory that the machine would use. */
  memory: 'MY.MemoryMiB / real(TARGET.TotalMemoryMiB - TARGET.UsedMemoryMiB)',
  /** Expected seconds until the machine is ready. */
  seconds: 'PLAN.ExpectedSeconds',
  /**
   * The network and compute cost of the paper: a new network costs 50, each VM on the host 4. The VMs of a plant share
   * its network, so today only the first VM of a plant needs a new one.
   */
  network: '(TARGET.VmCount == 0 ? 50 : 0) + 4 * TARGET.VmCount',
};

/** Parses the configured cost. @throws GridError CONFIG_INVALID */
export function parseCost(cost: string): Expression {
  const text = Object.hasOwn(COST_PRESETS, cost) ? COST_PRESETS[cost]! : cost;
  try {
    return parseExpression(text);
  } catch (cause) {
    throw new GridError(
      'CONFIG_INVALID',
      `cost: ${cause instanceof Error ? cause.message : cause}; presets are ${Object.keys(COST_PRESETS).join(', ')}`,
      { cost },
      { cause },
    );
  }
}

/** A typical request and plan, to try an expression on. */
const SAMPLE_REQUEST = requestAd({
  machine: { arch: 'x86_64', os: 'debian-12', memoryMiB: 64, cpus: 1, diskMiB: 64, line: 'qemu' },
  dag: { actions: [] },
});
const SAMPLE_PLAN: PlanSummary = {
  ...{ imageId: 'sample', line: 'qemu', start: 'restore' },
  ...{ actionsCached: 1, actionsLeft: 1, expectedSeconds: 1 },
};

/**
 * Evaluates the cost for a sample request and plan against the plant's own ad, so that the operator, not a client,
 * finds faults. Returns unknown names in the expression; these may be intended, because an expression can test whether
 * an attribute exists.
 * @throws GridError CONFIG_INVALID when the cost is no number
 */
export function checkCost(cost: Expression, plant: ClassAd): string[] {
  const plan = planAd(SAMPLE_PLAN);
  const context = { my: SAMPLE_REQUEST, target: emptied(plant), scopes: { PLAN: plan } };
  const references = explainRequirements(cost, context).flatMap((condition) => condition.references);
  const unknown = references.filter(({ value }) => value.kind === 'undefined').map(({ text }) => text);
  try {
    priceOf(cost, { request: context.my, plant: context.target, plan });
  } catch (cause) {
    const { message } = GridError.from(cause);
    const why = unknown.length > 0 ? `; unknown here: ${unknown.join(', ')}` : '';
    throw new GridError('CONFIG_INVALID', `cost: for a sample request ${message}${why}`, { unknown }, { cause });
  }
  return unknown;
}

/**
 * Returns the plant as if it had no VMs: on a full one, expressions would divide by no free memory, and it bids for
 * nothing anyway.
 */
const emptied = (plant: ClassAd): ClassAd =>
  [
    ...(['UsedMemoryMiB', 'UsedDiskMiB', 'VmCount'] as const).map((name) => [name, 0] as const),
    ['FreeMemoryMiB', parseExpression('TotalMemoryMiB')] as const,
    ['FreeDiskMiB', parseExpression('TotalDiskMiB')] as const,
    ['Line', 'qemu'] as const,
  ].reduce((ad, [name, value]) => ad.with(name, value), plant);

export interface PricedAds {
  readonly request: ClassAd;
  readonly plant: Ad;
  /** The result of `planAd`. */
  readonly plan: ClassAd;
}

/** @throws GridError CONFIG_INVALID when the cost is not a finite number for this request */
export function priceOf(cost: Expression, { request, plant, plan }: PricedAds): number {
  const value = toJsValue(evaluate(cost, { my: request, target: plant, scopes: { PLAN: plan } }));
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new GridError('CONFIG_INVALID', `the cost expression gives ${String(value)} instead of a number`, {});
}

/** Returns the ad that cost expressions see as PLAN. */
export function planAd(plan: PlanSummary): ClassAd {
  return ClassAd.of({
    ImageId: plan.imageId,
    Line: plan.line,
    Start: plan.start,
    ActionsCached: plan.actionsCached,
    ActionsLeft: plan.actionsLeft,
    ExpectedSeconds: plan.expectedSeconds,
  });
}
