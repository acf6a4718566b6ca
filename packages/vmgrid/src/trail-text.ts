/** An auction for people: who answered what and when, who was taken out and why, the order, the awards. */
import type { Trail } from '@vmgrid/protocol';
import { duration, table } from './output.ts';

export function trailText(trail: Trail): string {
  const parts = [
    `Auction ${trail.auctionId}: closed by ${trail.closedBy} after ${duration(trail.closedAfterMs)}`,
    table(['plant', 'answer', 'after', 'cost', 'plan'], trail.answers.map(answerRow)),
  ];
  for (const { plantId, plan } of trail.answers) {
    const others = plan?.alternatives?.map((other) => `${other.start} ${other.imageId} (${other.expectedSeconds} s)`);
    if (others) parts.push(`${plantId} also considered ${others.join(', ')}`);
  }
  for (const { plantId, rule, reason } of trail.removed) parts.push(`${plantId} taken out by ${rule}: ${reason}`);
  if (trail.order.length > 0) {
    parts.push(`Order: ${trail.order.map(({ plantId, cost }) => `${plantId} (${round(cost)})`).join(', ')}`);
  }
  for (const { plantId, outcome, code, message } of trail.awards) {
    parts.push(`Award to ${plantId}: ${outcome}${code === undefined ? '' : ` ${code} ${message ?? ''}`}`);
  }
  return parts.join('\n');
}

function answerRow({ plantId, outcome, elapsedMs, cost, plan, code, message }: Trail['answers'][number]) {
  const text = plan
    ? `${plan.start} ${plan.imageId}, ${plan.actionsCached} cached, ${plan.actionsLeft} to run, ${plan.expectedSeconds} s`
    : [code, message].filter(Boolean).join(' ');
  return [plantId, outcome, duration(elapsedMs), cost === undefined ? undefined : round(cost), text];
}

const round = (cost: number): string => String(Math.round(cost * 10_000) / 10_000);
