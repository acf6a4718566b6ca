/**
 * A plant's answer to a call for bids. Pure: the same request and snapshot give the same offer, so an offer can be
 * replayed, explained, and computed elsewhere.
 */
import type { ClassAd, Expression } from '@vmgrid/classad';
import type { Dag } from '@vmgrid/dag';
import {
  adToJson,
  type Bid,
  type ClassAdJson,
  type Decline,
  GridError,
  type LineName,
  type MachineSpec,
  type Offer,
  type PlanSummary,
  requestAd,
} from '@vmgrid/protocol';
import type { Durations } from './durations.ts';
import { planAd, priceOf } from './estimator.ts';
import type { ImageIndex } from './planner/image-index.ts';
import { type Plan, planMachine, summarizePlan } from './planner/plan.ts';
import type { LineReports, Start } from './planner/ways-to-start.ts';

/** Everything that an offer depends on, at one moment. */
export interface BiddingSnapshot {
  readonly plantId: string;
  readonly now: number;
  readonly bidValidityMs: number;
  readonly ad: ClassAd;
  readonly cost: Expression;
  readonly images: ImageIndex;
  readonly lines: LineReports;
  readonly durations: Durations;
  /** Returns why the plant takes no machine, or not this one, now; undefined when it does. */
  readonly refusal: (machine: MachineSpec) => GridError | undefined;
}

interface MachineRequest {
  readonly machine: MachineSpec;
  readonly dag: Dag;
}

export function makeOffer(request: MachineRequest, snapshot: BiddingSnapshot): Offer {
  try {
    const plan = summarizePlan(choosePlan(request, snapshot));
    const ad = snapshot.ad.with('Line', plan.line);
    return {
      kind: 'bid',
      plantId: snapshot.plantId,
      cost: priceOf(snapshot.cost, { request: requestAd(request), plant: ad, plan: planAd(plan) }),
      validUntil: new Date(snapshot.now + snapshot.bidValidityMs).toISOString(),
      plan,
      ad: adToJson(ad),
    };
  } catch (error) {
    if (error instanceof GridError) return declineOf(snapshot.plantId, error);
    throw error;
  }
}

/** Makes the bid of a plant that has, or is making, the VM of this request. An award would return that VM. */
export function heldBid(plan: PlanSummary, { plantId, now, bidValidityMs, ad }: HeldSnapshot): Bid {
  return {
    kind: 'bid',
    plantId,
    cost: 0,
    validUntil: new Date(now + bidValidityMs).toISOString(),
    holds: true,
    plan,
    ad: adToJson(ad),
  };
}

/** Returns the plan that remains for an existing VM, from its classad. */
export const planOfVm = (vm: ClassAdJson): PlanSummary => ({
  imageId: String(vm.ImageId),
  line: vm.Line as LineName,
  start: vm.Start as Start,
  actionsCached: Number(vm.ActionsCached),
  actionsLeft: 0,
  expectedSeconds: 0,
});

type HeldSnapshot = Pick<BiddingSnapshot, 'plantId' | 'now' | 'bidValidityMs' | 'ad'>;

/**
 * @throws GridError the refusal of the admission, LINE_UNAVAILABLE, or NO_IMAGE. It does not say why each image failed;
 * `explain` does.
 */
export function choosePlan(
  { machine, dag }: MachineRequest,
  {
    now,
    images,
    lines,
    durations,
    refusal,
  }: Pick<BiddingSnapshot, 'now' | 'images' | 'lines' | 'durations' | 'refusal'>,
): Plan {
  const refused = refusal(machine);
  if (refused) throw refused;
  return requirePlan(machine, { images, lines }, () =>
    planMachine({ machine, dag, now }, { images, lines, durations }),
  );
}

/** Returns the plan that is found, or throws why there is none. @throws GridError LINE_UNAVAILABLE, NO_IMAGE */
export function requirePlan<P>(
  machine: MachineSpec,
  { images, lines }: Pick<BiddingSnapshot, 'images' | 'lines'>,
  find: () => P | undefined,
): P {
  if (machine.line !== undefined && !lines.get(machine.line)?.available) throw lineUnavailable(machine.line, lines);
  const plan = find();
  if (plan !== undefined) return plan;
  throw noImage(machine, images);
}

function lineUnavailable(line: string, lines: LineReports): GridError {
  const available = [...lines.values()].filter((report) => report.available).map((report) => report.line);
  return new GridError('LINE_UNAVAILABLE', `no line ${line}; there are: ${available.join(', ') || 'none'}`, {
    line,
    available,
  });
}

function noImage(machine: MachineSpec, images: ImageIndex): GridError {
  const { arch, os } = machine;
  const ofThatSystem = images.countOf(machine);
  return new GridError(
    'NO_IMAGE',
    `no image can start a machine of ${os} on ${arch}: ${whyNone(images, ofThatSystem)}`,
    {
      os,
      arch,
      images: images.size,
      ofThatSystem,
    },
  );
}

function whyNone({ size }: ImageIndex, ofThatSystem: number): string {
  if (size === 0) return 'the warehouse is empty';
  if (ofThatSystem === 0) return `the warehouse has none of that system (${size} of others)`;
  return `of the ${ofThatSystem} of that system in the warehouse none matches (\`vmgrid explain\` says why)`;
}

export const declineOf = (
  plantId: string,
  { code, message, details }: Pick<GridError, 'code' | 'message' | 'details'>,
): Decline => ({
  kind: 'decline',
  plantId,
  code,
  message,
  details: { ...details },
});
