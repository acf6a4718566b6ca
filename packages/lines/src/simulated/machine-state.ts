import type { MachineState, StartOrder } from '../production-line.ts';

/** What finds a simulated machine again after the plant was killed; which process it is stands in its folder. */
export interface SimulatedState {
  /** The machine's own folder. */
  readonly directory: string;
  readonly purpose: StartOrder['purpose'];
  readonly memoryMiB: number;
  readonly cpus: number;
  /** Which start of its plant's run it was, and of what kind: what it will meet with depends on it. */
  readonly ordinal: number;
  readonly start: StartOrder['start'];
}

export const encodeState = (state: SimulatedState): MachineState => ({ ...state });

/** Reads back what `encodeState` wrote, by this or an earlier run of the plant. */
export const decodeState = (state: MachineState): SimulatedState => ({
  directory: String(state.directory),
  purpose: state.purpose === 'build' ? 'build' : 'clone',
  memoryMiB: Number(state.memoryMiB),
  cpus: Number(state.cpus),
  ordinal: Number(state.ordinal),
  start: state.start as StartOrder['start'],
});
