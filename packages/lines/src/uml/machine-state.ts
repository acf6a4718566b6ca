import type { ProcessIdentity } from '@vmgrid/daemon';
import type { MachineState, StartOrder } from '../production-line.ts';

/** The state from which a running UML is found again after the plant was killed. */
export interface UmlState {
  readonly process: ProcessIdentity;
  /** The machine's own folder. */
  readonly directory: string;
  readonly purpose: StartOrder['purpose'];
  readonly guestNetwork: StartOrder['guestNetwork'];
  /** UML's user, if it is not the plant's. */
  readonly uid: number | undefined;
}

export const encodeState = ({ process, uid, ...state }: UmlState): MachineState => ({
  ...process,
  ...state,
  ...(uid === undefined ? {} : { uid }),
});

/** Reads what `encodeState` of this or an earlier run of the plant wrote. */
export const decodeState = (state: MachineState): UmlState => ({
  process: { pid: Number(state.pid), startTime: Number(state.startTime), bootId: String(state.bootId) },
  directory: String(state.directory),
  purpose: state.purpose === 'build' ? 'build' : 'clone',
  guestNetwork: state.guestNetwork === 'outbound' ? 'outbound' : 'isolated',
  uid: state.uid === undefined ? undefined : Number(state.uid),
});
