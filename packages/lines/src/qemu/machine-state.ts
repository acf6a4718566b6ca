import type { ProcessIdentity } from '@vmgrid/daemon';
import type { CompatibilityRecord } from '@vmgrid/protocol';
import { decodeParent, type ParentDisk } from '../overlay-disk.ts';
import type { MachineState, StartOrder } from '../production-line.ts';

/** What finds a running QEMU again after the plant was killed. */
export interface QemuState extends ParentDisk {
  readonly process: ProcessIdentity;
  /** The machine's own folder. */
  readonly directory: string;
  readonly purpose: StartOrder['purpose'];
  readonly guestNetwork: StartOrder['guestNetwork'];
  /** User QEMU runs as, if not as the plant's. */
  readonly uid: number | undefined;
  /** The machine that this QEMU is. */
  readonly compatibility: CompatibilityRecord;
}

export const encodeState = ({ process, uid, compatibility, ...state }: QemuState): MachineState => ({
  ...process,
  ...state,
  ...compatibility,
  ...(uid === undefined ? {} : { uid }),
});

/** Reads back what `encodeState` wrote, by this or an earlier run of the plant. */
export const decodeState = (state: MachineState): QemuState => ({
  process: { pid: Number(state.pid), startTime: Number(state.startTime), bootId: String(state.bootId) },
  directory: String(state.directory),
  purpose: state.purpose === 'build' ? 'build' : 'clone',
  guestNetwork: state.guestNetwork === 'outbound' ? 'outbound' : 'isolated',
  uid: state.uid === undefined ? undefined : Number(state.uid),
  ...decodeParent(state),
  compatibility: {
    vmm: String(state.vmm),
    vmmVersion: String(state.vmmVersion),
    accelerator: String(state.accelerator),
    machineType: String(state.machineType),
    cpuModel: String(state.cpuModel),
    layout: String(state.layout),
  },
});
