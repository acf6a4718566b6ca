/** The processes on a plant's host other than the plant's: those of its machines, which outlive it. */

import type { MachineExit } from '@vmgrid/lines';
import type { MachineSpec } from '@vmgrid/protocol';

export interface RunningMachine {
  readonly vmId: string;
  readonly directory: string;
  readonly machine: Pick<MachineSpec, 'memoryMiB' | 'cpus'>;
  /** A fault of the guest: a machine that hangs never answers. */
  readonly hangs: boolean;
  /** Resolves once the machine's process has ended. */
  readonly exited: Promise<MachineExit>;
  disc: string | undefined;
}

export class Host {
  readonly #running = new Map<string, RunningMachine & { readonly exit: (exit: MachineExit) => void }>();
  readonly #changed: () => void;

  /** `changed` is called at each start and end. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Machines by their folders. */
  get running(): ReadonlyMap<string, RunningMachine> {
    return this.#running;
  }

  start(machine: Omit<RunningMachine, 'exited' | 'disc'>): RunningMachine {
    const { promise: exited, resolve: exit } = Promise.withResolvers<MachineExit>();
    const running = { ...machine, exited, exit, disc: undefined };
    this.#running.set(machine.directory, running);
    this.#changed();
    return running;
  }

  /** Ends the process of a folder, if there is one. */
  end(directory: string, cause: MachineExit['cause']): void {
    const machine = this.#running.get(directory);
    if (!machine) return;
    this.#running.delete(directory);
    machine.exit({ cause, detail: '' });
    this.#changed();
  }
}
