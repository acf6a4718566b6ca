/** One machine in the making: what every step of it needs, and how all of it is taken back. */
import type { Admission, OwnedNeed } from '@vmgrid/bidding';
import { type Clock, UndoStack } from '@vmgrid/daemon';
import { type Called, requestKey } from '@vmgrid/protocol';
import type { ImageHolds } from '@vmgrid/warehouse';
import type { ExecutablePlan } from '../bids/executable-plan.ts';
import type { VmNames } from '../vms/identity.ts';
import { Phases, type ReportProgress } from '../vms/phases.ts';

/** A request of any kind, with who made it. */
export type Asked = Called<{ readonly requestId: string }>;

export interface Making<Request extends Asked = Asked> {
  readonly request: Request;
  readonly names: VmNames;
  readonly phases: Phases;
  /** Takes back all that was acquired so far. */
  readonly undo: UndoStack;
  readonly signal: AbortSignal;
}

/** What of a plan is carried out. */
export type MachinePlan = Pick<ExecutablePlan, 'image' | 'line' | 'start' | 'remaining'>;

export interface PlannedMaking<Request extends Asked = Asked, Plan extends MachinePlan = MachinePlan>
  extends Making<Request> {
  readonly plan: Plan;
}

export interface MakingDeps {
  readonly nameVm: () => VmNames;
  readonly clock: Clock;
  readonly report: ReportProgress;
}

/** Names the machine; nothing is acquired yet. */
export function beginMaking<Request extends Asked>(
  request: Request,
  signal: AbortSignal,
  { nameVm, clock, report }: MakingDeps,
): Making<Request> {
  const phases = new Phases(clock, requestKey(request), report);
  return { request, names: nameVm(), phases, undo: new UndoStack(), signal };
}

/** Takes the machine's room on the host. @throws GridError that says what there is too little of */
export function reserveRoom({ names: { vmId }, undo }: Making, need: OwnedNeed, admission: Admission): void {
  admission.reserve(vmId, need);
  undo.push('admission', () => admission.release(vmId));
}

/** Keeps the image from being removed. @throws GridError IMAGE_UNKNOWN, IMAGE_CORRUPT */
export async function holdImage(
  { names: { vmId }, undo }: Making,
  imageId: string,
  references: Pick<ImageHolds['references'], 'acquire' | 'drop'>,
): Promise<void> {
  await references.acquire(imageId, vmId);
  undo.push('image reference', () => references.drop(imageId, vmId));
}
