/**
 * Prices a plan. The cost is a ClassAd expression of the operator over the request (MY), the plant (TARGET) and the plan
 * (PLAN); lower wins. Pure: the same request, ad and plan give the same cost.
 */
import { ClassAd, type Expression, evaluate, parseExpression, toJsValue } from '@vmgrid/classad';
import { GridError, type PlanSummary } from '@vmgrid/protocol';

/** Cost expressions that have a name in the configuration. */
export const COST_PRESETS: Readonly<Record<string, string>> = {
  /** Slide 18 of Krsul et al.: the share of the free memory that the machine would take. */
  memory: 'MY.MemoryMiB / real(TARGET.TotalMemoryMiB - TARGET.UsedMemoryMiB)',
  /** Expected seconds until the machine is ready. */
  seconds: 'PLAN.ExpectedSeconds',
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

/** @throws GridError CONFIG_INVALID when the expression does not give a finite number for this request. */
export function priceOf(cost: Expression, request: ClassAd, plant: ClassAd, plan: PlanSummary): number {
  const value = toJsValue(evaluate(cost, { my: request, target: plant, scopes: { PLAN: planAd(plan) } }));
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new GridError('CONFIG_INVALID', `the cost expression gives ${String(value)} instead of a number`, {});
}

function planAd(plan: PlanSummary): ClassAd {
  return ClassAd.of({
    ImageId: plan.imageId,
    Line: plan.line,
    Start: plan.start,
    ActionsCached: plan.actionsCached,
    ActionsLeft: plan.actionsLeft,
    ExpectedSeconds: plan.expectedSeconds,
  });
}
