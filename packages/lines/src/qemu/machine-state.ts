import type { ProcessIdentity } from '@vmgrid/daemon';
import type { CompatibilityRecord } from '@vmgrid/protocol';
import { decodeParent, type ParentDisk } from '../disks/overlay-disk.ts';
import type { MachineState, StartOrder } from '../production-line.ts';

/** The state from which a running QEMU is found again after the plant was killed. */
export interface QemuState extends ParentDisk {
  readonly process: ProcessIdentity;
  /** The machine's own folder. */
  readonly directory: string;
  readonly purpose: StartOrder['purpose'];
  readonly guestNetwork: StartOrder['guestNetwork'];
  /** QEMU's user, if it is not the plant's. */
  readonly uid: number | undefined;
  /** The hardware of this QEMU. */
  readonly compatibility: CompatibilityRecord;
}

export const encodeState = ({ process, uid, compatibility, ...state }: QemuState): MachineState => ({
  ...process,
  ...state,
  ...compatibility,
  ...(uid === undefined ? {} : { uid }),
});

/** Reads what `encodeState` of this or an earlier run of the plant wrote. */
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
