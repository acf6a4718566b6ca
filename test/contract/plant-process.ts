/** A process that makes a machine and has it at work, as a plant does, until it is killed. */
import { join } from 'node:path';
import { startNode } from '@vmgrid/test-support/hosts/node-process.ts';
import type { MachineState, StartOrder } from '../../packages/lines/src/production-line.ts';
import type { LineUnderTest } from './bench.ts';

export interface PlantWork {
  readonly order: StartOrder;
  readonly disc: string;
  /** The script that runs in the guest when the process says so. */
  readonly script: string;
}

/** The state that a plant would have recorded of its machine. */
export interface Begun {
  readonly state: MachineState;
  readonly discDevice: string;
}

export interface PlantProcess {
  /** Resolves when the script has printed its first line. */
  begun(): Promise<Begun>;
  kill(): Promise<void>;
}

const PROGRAM = join(import.meta.dirname, 'plant-program.ts');

export function startPlantProcess({ name, configuration }: LineUnderTest, work: PlantWork): PlantProcess {
  const stateDirectory = join(work.order.directory, '..');
  const job = { name, options: { stateDirectory, ...configuration?.() }, work };
  const plant = startNode(PROGRAM, JSON.stringify(job));
  return { begun: async () => JSON.parse(await plant.line()), kill: plant.kill };
}
