import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signalProcess, systemClock, UndoStack, waitUntilGone } from '@vmgrid/daemon';
import { exhaustionOf, GridError, type LineReport } from '@vmgrid/protocol';
import { endProcesses } from '../host-line.ts';
import type { Adoption, Machine, MachineState, ProductionLine, StartOrder, StepObserver } from '../production-line.ts';
import { type Fate, fateOf } from './faults.ts';
import { bootedMemory, type GuestMemory, readDisk, readMemory, writeDisk, writeMemory } from './guest-disk.ts';
import { DEVICE_LAYOUT, FILES, LINE_VERSION, runFolder } from './layout.ts';
import { findProcess, makeLifePipe, removeTraces, startProcess, watchLife } from './machine-process.ts';
import { decodeState } from './machine-state.ts';
import type { SimulatedConfig } from './simulated-config.ts';
import { forgetSuspension, SimulatedMachine } from './simulated-machine.ts';

const KILL_DEADLINE_MS = 5_000;

/** Steps of making a machine. Each of them can be made to fail. */
export const STEPS = ['folder', 'overlay', 'memory', 'pipe', 'process', 'running'] as const;
type Step = (typeof STEPS)[number];

export interface SimulatedLineDeps {
  readonly reached?: StepObserver;
}

/**
 * Simulated machines: each is a process that sleeps, and a folder with its guest's files. Nothing that a client sends
 * runs on the host: the runner only changes those files. Thousands of machines fit on a host.
 */
/** One start, of all that there were. */
interface Attempt {
  readonly ordinal: number;
  readonly fate: Fate;
  readonly undo: UndoStack;
}

export class SimulatedLine implements ProductionLine {
  readonly name = 'simulated';
  readonly #reached: StepObserver;
  readonly #config: SimulatedConfig;
  #started = 0;

  constructor(deps: SimulatedLineDeps, config: SimulatedConfig) {
    this.#reached = deps.reached ?? (() => undefined);
    this.#config = config;
  }

  async probe(): Promise<LineReport> {
    return {
      line: 'simulated',
      available: true,
      reason: '',
      restores: true,
      diskFormats: ['raw'],
      compatibility: {
        vmm: 'simulated',
        vmmVersion: LINE_VERSION,
        accelerator: 'none',
        machineType: 'paper',
        cpuModel: 'none',
        layout: DEVICE_LAYOUT,
      },
    };
  }

  async createOverlay(order: StartOrder, signal: AbortSignal): Promise<void> {
    const { directory, image, machine } = order;
    const undo = new UndoStack();
    try {
      signal.throwIfAborted();
      await mkdir(runFolder(directory), { mode: 0o700 });
      undo.push('folder', () => rm(runFolder(directory), { recursive: true }));
      this.#reached('folder');
      const frozen = await readDisk(join(image.directory, image.manifest.disk)).catch(unreadable);
      undo.push('disk', () => rm(join(directory, FILES.disk), { force: true }));
      await writeDisk(directory, { ...frozen, diskMiB: machine.diskMiB });
      this.#reached('overlay');
    } catch (error) {
      await undo.unwind();
      throw error;
    }
  }

  async start(order: StartOrder, signal: AbortSignal): Promise<Machine> {
    this.#started += 1;
    const ordinal = this.#started;
    const fate = this.#fateOf(order.start, ordinal);
    const undo = new UndoStack();
    try {
      return await this.#start(order, { ordinal, fate, undo }, signal);
    } catch (error) {
      await undo.unwind();
      throw error;
    }
  }

  async #start(order: StartOrder, { ordinal, fate, undo }: Attempt, signal: AbortSignal): Promise<Machine> {
    const { directory, machine, purpose, start } = order;
    const pass = (step: Step) => this.#pass(step, fate);
    undo.push('memory', () => rm(join(directory, FILES.memory), { force: true }));
    await writeMemory(directory, await memoryOf(order));
    pass('memory');
    undo.push('pipe', () => removeTraces(directory));
    await makeLifePipe(directory, signal);
    pass('pipe');
    const life = watchLife(directory);
    undo.push('watch', () => life.close());
    const process = await startProcess(directory, fate.endsAfterSeconds);
    undo.push('process', async () => {
      signalProcess(process, 'SIGKILL');
      await waitUntilGone(process, KILL_DEADLINE_MS);
    });
    pass('process');
    await systemClock.sleep(fate.startMs, signal);
    undo.push('console', () => rm(join(directory, FILES.console), { force: true }));
    await writeFile(join(directory, FILES.console), `${start} of a guest on paper\n`, { flag: 'a', mode: 0o640 });
    pass('running');
    signal.throwIfAborted();
    const { memoryMiB, cpus } = machine;
    const state = { directory, purpose, memoryMiB, cpus, ordinal, start };
    const started = await SimulatedMachine.holdNew({ process, life }, state, fate);
    await forgetSuspension(directory);
    return started;
  }

  async adopt(state: MachineState): Promise<Adoption> {
    const simulated = decodeState(state);
    const { directory, start, ordinal } = simulated;
    const process = await findProcess(directory);
    if (process) {
      await forgetSuspension(directory); // it was never carried to its end
      return {
        kind: 'running',
        machine: await SimulatedMachine.hold(process, simulated, this.#fateOf(start, ordinal)),
      };
    }
    await this.kill(directory); // one that was killed before it was noted
    const suspended = await access(join(directory, FILES.suspended)).then(
      () => true,
      () => false,
    );
    return suspended ? { kind: 'suspended' } : { kind: 'gone' };
  }

  async kill(directory: string): Promise<void> {
    await endProcesses(directory, 'the machine');
    await removeTraces(directory);
  }

  #fateOf(start: StartOrder['start'], ordinal: number): Fate {
    return fateOf(this.#config, { ordinal, start, steps: STEPS.slice(STEPS.indexOf('memory')) });
  }

  #pass(step: Step, { failAt }: Fate): void {
    this.#reached(step);
    if (step === failAt) throw new GridError('VMM_FAILED', `this start was chosen to fail at ${step}`, { step });
  }
}

/** Returns the memory that the guest starts with. */
async function memoryOf({ directory, image, start, macAddress }: StartOrder): Promise<GuestMemory> {
  if (start === 'resume') return readMemory(join(directory, FILES.suspended));
  if (start === 'boot') return bootedMemory(await readDisk(join(directory, FILES.disk)), macAddress);
  const { memory, id } = image.manifest;
  if (memory === undefined) throw new Error(`image ${id} is not suspended and can only be booted`);
  return readMemory(join(image.directory, memory.memory));
}

/** Refuses a disk that is no disk of a simulated machine: no machine starts from it. */
function unreadable(cause: unknown): never {
  if (exhaustionOf(cause) !== undefined) throw cause;
  throw new GridError('VMM_FAILED', 'the disk of the image cannot be read', {}, { cause });
}
