import { decodeParent, type ParentDisk } from '../disks/overlay-disk.ts';
import type { MachineState, StartOrder } from '../production-line.ts';

/** The state from which a domain is found again after the plant was killed. */
export interface DomainState extends ParentDisk {
  readonly uuid: string;
  /** The machine's own folder. */
  readonly directory: string;
  readonly purpose: StartOrder['purpose'];
  /** Whether the template gives machines a console. */
  readonly console: boolean;
  /** The user of the hypervisor's process, if the line chose one. */
  readonly uid: number | undefined;
}

export const encodeState = ({ uid, ...state }: DomainState): MachineState => ({
  ...state,
  ...(uid === undefined ? {} : { uid }),
});

/** Reads what `encodeState` of this or an earlier run of the plant wrote. */
export const decodeState = (state: MachineState): DomainState => ({
  uuid: String(state.uuid),
  directory: String(state.directory),
  purpose: state.purpose === 'build' ? 'build' : 'clone',
  console: state.console === true,
  uid: state.uid === undefined ? undefined : Number(state.uid),
  ...decodeParent(state),
});
