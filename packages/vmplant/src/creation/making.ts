/** A machine that is being made: the values that every step needs, and the stack that undoes all of it. */
import type { Admission, OwnedNeed } from '@vmgrid/bidding';
import { type Clock, UndoStack } from '@vmgrid/daemon';
import { type Called, requestKey } from '@vmgrid/protocol';
import type { ImageHolds } from '@vmgrid/warehouse';
import type { ExecutablePlan } from '../bids/executable-plan.ts';
import type { VmNames } from '../vms/identity.ts';
import { Phases, type ReportProgress } from '../vms/phases.ts';

/** A request of any kind, with its caller. */
export type Asked = Called<{ readonly requestId: string }>;

export interface Making<Request extends Asked = Asked> {
  readonly request: Request;
  readonly names: VmNames;
  readonly phases: Phases;
  /** Undoes everything that was acquired so far. */
  readonly undo: UndoStack;
  readonly signal: AbortSignal;
}

/** The parts of a plan that are carried out. */
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

/** Names the machine; acquires nothing yet. */
export function beginMaking<Request extends Asked>(
  request: Request,
  signal: AbortSignal,
  { nameVm, clock, report }: MakingDeps,
): Making<Request> {
  const phases = new Phases(clock, requestKey(request), report);
  return { request, names: nameVm(), phases, undo: new UndoStack(), signal };
}

/** Reserves the machine's room on the host. @throws GridError that names the exhausted resource */
export function reserveRoom({ names: { vmId }, undo }: Making, need: OwnedNeed, admission: Admission): void {
  admission.reserve(vmId, need);
  undo.push('admission', () => admission.release(vmId));
}

/** Holds the image, so that it is not removed. @throws GridError IMAGE_UNKNOWN, IMAGE_CORRUPT */
export async function holdImage(
  { names: { vmId }, undo }: Making,
  imageId: string,
  references: Pick<ImageHolds['references'], 'acquire' | 'drop'>,
): Promise<void> {
  await references.acquire(imageId, vmId);
  undo.push('image reference', () => references.drop(imageId, vmId));
}
