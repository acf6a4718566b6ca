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
 * A suspended VM has its memory in its folder and no process; others use the plant's memory meanwhile. The guest of a
 * stopped VM has powered itself off. The hypervisor holds a paused VM until the host's disk has room. A VM that failed
 * after it was ready has its disk, and can be started from it. Only the plant's own procedures change a VM's state;
 * guests and clients only ask. `destroyed` is the last state: the record is removed, and the final classad stays in
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

/** Whether the VM is still being made. Then it cannot be destroyed or configured; it is completed or undone. */
export const isBeingMade = ({ state }: { readonly state: VmState }): boolean =>
  state === 'planned' || state === 'cloning' || state === 'configuring';

/** The outcome of one configure request. */
export interface ConfigureOutcome {
  readonly requestId: string;
  readonly failure?: ErrorBody;
}

/** Everything that must survive the plant's own death. Stored as JSON in the VM's folder. */
export interface VmRecord {
  readonly vmId: string;
  readonly requestId: string;
  /** The owner. Without one, only operators see the VM. */
  readonly owner?: string;
  readonly state: VmState;
  readonly machine: MachineSpec;
  readonly line: LineName;
  readonly imageId: string;
  readonly start: Start;
  readonly createdAt: string;
  /** When the VM was first made and configured; a VM that failed before that has no complete disk. */
  readonly readyAt?: string;
  readonly leaseEndsAt: string;
  /** The same by a clock that nobody can set; see `lease-clock.ts`. */
  readonly leaseMark?: LeaseMark;
  /** The action at the end of the lease; by default the VM is destroyed. */
  readonly atLeaseEnd?: 'destroy' | 'suspend';
  readonly hostName: string;
  readonly macAddress: string;
  /** Port of the host's loopback that is forwarded to the guest's ssh, once its network is open. */
  readonly sshPort?: number;
  /** The actions that ran on this machine, the image's own history first. */
  readonly history: readonly HistoryEntry[];
  readonly actionsCached: number;
  readonly actionsRun: number;
  /** Ids of actions that failed with `onError="continue"`; they are not in the history. */
  readonly failedActions: readonly string[];
  /** Whether a secret action ran: such a machine never becomes an image. */
  readonly secret: boolean;
  /** Attributes that actions set: names and ClassAd expressions. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly phasesMs: Readonly<Record<string, number>>;
  /** The last configure requests that ended, well or not, so that a repeated one is not run again. */
  readonly configured?: readonly ConfigureOutcome[];
  readonly destruction?: Dag;
  readonly machineState?: MachineState;
  readonly failure?: ErrorBody;
  /** The failure of the destruction DAG, or the reason why it was not run. */
  readonly destructionFailure?: ErrorBody;
}

/** Returns the record in another state. A change that the state chart does not have is a fault of this program. */
export function moveTo(record: VmRecord, state: VmState, changes: Partial<VmRecord> = {}): VmRecord {
  if (!NEXT_STATES[record.state].includes(state)) {
    throw new Error(`${record.vmId} cannot go from ${record.state} to ${state}`);
  }
  return { ...record, ...changes, state };
}
