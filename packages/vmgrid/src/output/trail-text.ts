/**
 * Writes an auction for people: the answers with their times, the removed bids with the reasons, the order, the awards.
 */
import type { AuctionSummary, Trail, TrailAnswer, TrailBroker, TrailPlace } from '@vmgrid/protocol';
import { type Cell, duration, table } from './output.ts';

export function trailText(trail: Trail): string {
  const parts = [
    `Auction ${trail.auctionId} for the request ${trail.requestId}, opened ${trail.openedAt}: closed by ${trail.closedBy} after ${duration(trail.closedAfterMs)}`,
    summaryText(trail.summary),
  ];
  if (trail.brokers) parts.push(table(['broker', 'via', 'answer', 'after', 'came to'], trail.brokers.map(brokerRow)));
  parts.push(table(['plant', 'via', 'answer', 'after', 'cost', 'plan'], trail.answers.map(answerRow)));
  for (const { plantId, plan } of trail.answers) {
    const others = plan?.alternatives?.map(
      (other) => `${other.start} ${other.imageId} on ${other.line} (${other.expectedSeconds} s)`,
    );
    if (others) parts.push(`${plantId} also considered ${others.join(', ')}`);
  }
  for (const { plantId, rule, reason } of trail.removed) parts.push(`${plantId} taken out by ${rule}: ${reason}`);
  if (trail.order.length > 0) {
    parts.push(table(['place', 'plant', 'cost', 'rank', 'tie-break'], trail.order.map(placeRow)));
  }
  for (const { plantId, outcome, code, message } of trail.awards) {
    parts.push(`Award to ${plantId}: ${outcome}${code === undefined ? '' : ` ${code} ${message ?? ''}`}`);
  }
  return parts.join('\n');
}

function summaryText({ asked, bids, silent, failed, declines, removals }: AuctionSummary): string {
  const declined = declines.map(({ code, count }) => `${count} ${code}`);
  const removed = removals.map(({ rule, count }) => `${count} taken out by ${rule}`);
  return [
    `${asked} asked: ${bids} bid`,
    ...(declined.length > 0 ? [`declined ${declined.join(', ')}`] : []),
    ...(silent > 0 ? [`${silent} silent`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...removed,
  ].join('; ');
}

const viaText = (via: readonly string[] = []): string => via.join(' → ') || '-';

function brokerRow({ brokerId, via, outcome, elapsedMs, summary, code, message }: TrailBroker): readonly Cell[] {
  const cameTo = summary ? summaryText(summary) : [code, message].filter(Boolean).join(' ');
  return [brokerId, viaText(via), outcome, duration(elapsedMs), cameTo];
}

function answerRow({ plantId, via, outcome, elapsedMs, cost, plan, code, message }: TrailAnswer): readonly Cell[] {
  const text = plan
    ? `${plan.start} ${plan.imageId}, ${plan.actionsCached} cached, ${plan.actionsLeft} to run, ${plan.expectedSeconds} s${plan.coarse ? ' by kinds of actions' : ''}${plan.undecided ? `, ${plan.undecided} images undecided` : ''}`
    : [code, message].filter(Boolean).join(' ');
  return [plantId, viaText(via), outcome, duration(elapsedMs), cost === undefined ? undefined : round(cost), text];
}

const placeRow = ({ plantId, cost, rank, tieBreak }: TrailPlace, index: number): readonly Cell[] => [
  ...[index + 1, plantId, round(cost), round(rank), tieBreak],
];

const round = (cost: number): string => String(Math.round(cost * 10_000) / 10_000);
