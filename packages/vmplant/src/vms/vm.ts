/**
 * A VM as its plant knows it, and the states it passes through.
 *
 *   planned → cloning → configuring → running ⇄ suspended
 *      │         │           │           │          │
 *      └─────────┴───────────┴─ failed   └──────────┴→ collecting → destroyed
 *
 *   running ⇄ paused → suspended, where the disk was full as it was being suspended
 *   running → stopped → starting → running        running, suspended → failed → starting → running
 *
 * A suspended VM has its memory in its folder and no process; the plant's memory is somebody else's meanwhile. The
 * guest of a stopped one has powered itself off. The hypervisor holds a paused one until the host's disk has room. A VM
 * that failed after it was ready has its disk, and can be started from it. Only the plant's own procedures move a VM;
 * guests and clients only ask. `destroyed` is terminal: the record goes and the final classad stays in
 * `destroyed-vms.ts`.
 */
import type { Start } from '@vmgrid/bidding';
import type { Dag } from '@vmgrid/dag';
import type { MachineState } from '@vmgrid/lines';
import type { ErrorBody, LineName, MachineSpec } from '@vmgrid/protocol';
import type { HistoryEntry } from '@vmgrid/warehouse';
import type { LeaseMark } from '../leases/lease-clock.ts';

export type VmState =
  | 'planned'
  | 'cloning'
  | 'configuring'
  | 'running'
  | 'suspended'
  | 'paused'
  | 'stopped'
  | 'starting'
  | 'failed'
  | 'collecting'
  | 'destroyed';

const NEXT_STATES: Readonly<Record<VmState, readonly VmState[]>> = {
  planned: ['cloning', 'failed', 'collecting'],
  cloning: ['configuring', 'failed', 'collecting'],
  configuring: ['running', 'failed', 'collecting'],
  running: ['suspended', 'paused', 'stopped', 'failed', 'collecting'],
  paused: ['running', 'suspended', 'stopped', 'failed', 'collecting'],
  suspended: ['running', 'failed', 'collecting'],
  stopped: ['starting', 'collecting'],
  starting: ['running', 'failed', 'collecting'],
  failed: ['starting', 'collecting'],
  collecting: ['destroyed'],
  destroyed: [],
};

/** Whether the VM is still being made: it cannot be destroyed or configured then, only come to be or be undone. */
export const isBeingMade = ({ state }: { readonly state: VmState }): boolean =>
  state === 'planned' || state === 'cloning' || state === 'configuring';

/** What came of one configure request. */
export interface ConfigureOutcome {
  readonly requestId: string;
  readonly failure?: ErrorBody;
}

/** Everything that must survive the plant's own death. Stored as JSON in the VM's folder. */
export interface VmRecord {
  readonly vmId: string;
  readonly requestId: string;
  /** Whom it belongs to; nobody sees it but operators when it is nobody's. */
  readonly owner?: string;
  readonly state: VmState;
  readonly machine: MachineSpec;
  readonly line: LineName;
  readonly imageId: string;
  readonly start: Start;
  readonly createdAt: string;
  /** When it was first made and configured; a VM that failed before that has no whole disk. */
  readonly readyAt?: string;
  readonly leaseEndsAt: string;
  /** The same by a clock that nobody sets; see `lease-clock.ts`. */
  readonly leaseMark?: LeaseMark;
  /** What becomes of the VM when its lease ends; by default it goes. */
  readonly atLeaseEnd?: 'destroy' | 'suspend';
  readonly hostName: string;
  readonly macAddress: string;
  /** Port of the host's loopback that leads to the guest's ssh; once its network is open. */
  readonly sshPort?: number;
  /** What has been run on this machine, the image's own history first. */
  readonly history: readonly HistoryEntry[];
  readonly actionsCached: number;
  readonly actionsRun: number;
  /** Ids of actions that failed with `onError="continue"`; they are not in the history. */
  readonly failedActions: readonly string[];
  /** Whether a secret action ran: such a machine never becomes an image. */
  readonly secret: boolean;
  /** Attributes that actions set: name to ClassAd expression. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly phasesMs: Readonly<Record<string, number>>;
  /** The last configure requests that ended, well or not, so that a repeated one is not run again. */
  readonly configured?: readonly ConfigureOutcome[];
  readonly destruction?: Dag;
  readonly machineState?: MachineState;
  readonly failure?: ErrorBody;
  /** What failed of the destruction DAG, or why it was not run. */
  readonly destructionFailure?: ErrorBody;
}

/** The record in another state. A move the state chart does not have is a fault of this program. */
export function moveTo(record: VmRecord, state: VmState, changes: Partial<VmRecord> = {}): VmRecord {
  if (!NEXT_STATES[record.state].includes(state)) {
    throw new Error(`${record.vmId} cannot go from ${record.state} to ${state}`);
  }
  return { ...record, ...changes, state };
}
