import type { MachineState, StartOrder } from '../production-line.ts';

/**
 * The state from which a simulated machine is found again after the plant was killed. Its process is recorded in its
 * folder.
 */
export interface SimulatedState {
  /** The machine's own folder. */
  readonly directory: string;
  readonly purpose: StartOrder['purpose'];
  readonly memoryMiB: number;
  readonly cpus: number;
  /** The number of the start in this run of the plant, and its kind: they decide the machine's faults. */
  readonly ordinal: number;
  readonly start: StartOrder['start'];
}

export const encodeState = (state: SimulatedState): MachineState => ({ ...state });

/** Reads what `encodeState` of this or an earlier run of the plant wrote. */
export const decodeState = (state: MachineState): SimulatedState => ({
  directory: String(state.directory),
  purpose: state.purpose === 'build' ? 'build' : 'clone',
  memoryMiB: Number(state.memoryMiB),
  cpus: Number(state.cpus),
  ordinal: Number(state.ordinal),
  start: state.start as StartOrder['start'],
});
