/** A guest that does nothing, takes its time over it, and reports as the runner does. */
import { abortable } from '@vmgrid/daemon';
import type { Action } from '@vmgrid/dag';
import { type Guest, type RunnerTask, readRunnerCommand } from '@vmgrid/lines';
import { GridError } from '@vmgrid/protocol';
import type { Life } from '../world/life.ts';
import type { Random } from '../world/random.ts';
import type { RunningMachine } from './host.ts';
import type { PlantDisk } from './plant-disk.ts';

export interface VirtualGuestDeps {
  readonly life: Life;
  readonly disk: PlantDisk;
  readonly running: RunningMachine;
  readonly random: Random;
}

const IDENTITY_MS = 40;
const SCRIPT = /^takes (\d+) ms\n/;

/** Returns an action that takes a virtual guest this long; `what` tells actions apart. */
export const actionTaking = (id: string, ms: number, what: string): Action => ({
  ...{ id, kind: 'script' },
  script: `takes ${Math.round(ms)} ms\n${what}`,
});

export class VirtualGuest implements Guest {
  readonly discDevice = '/dev/disc';
  readonly #deps: VirtualGuestDeps;
  readonly #actionFailureRate: number;

  constructor(deps: VirtualGuestDeps, { actionFailureRate }: { readonly actionFailureRate: number }) {
    this.#deps = deps;
    this.#actionFailureRate = actionFailureRate;
  }

  async *run(command: readonly string[], signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    for (const task of readRunnerCommand(command)?.tasks ?? []) {
      for await (const line of this.#do(task, signal)) yield line;
    }
    yield 'finished';
  }

  async *#do(task: RunnerTask, signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    if (task.task === 'identity') {
      await this.#work(IDENTITY_MS, signal);
      yield 'identity';
    }
    if (task.task !== 'run') return;
    for (let index = task.first; index <= task.last; index += 1) {
      const takesMs = this.#durationOf(index);
      yield `begin ${index} 1`;
      await this.#work(takesMs, signal);
      const exitCode = this.#deps.random.chance(this.#actionFailureRate) ? 1 : 0;
      yield `end ${index} ${exitCode} no ${takesMs} 1`;
      if (exitCode !== 0) {
        yield `stopped ${index}`;
        return;
      }
    }
  }

  /** It never does. */
  restarted(signal: AbortSignal): Promise<never> {
    return abortable(this.#lost(), signal);
  }

  #durationOf(index: number): number {
    const { disk, running } = this.#deps;
    const step = disk.discs.get(running.disc ?? '')?.steps.find((one) => one.index === index);
    if (!step) throw new GridError('VMM_FAILED', `the disc of ${running.vmId} has no step ${index}`);
    const script = step.action.kind === 'script' ? step.action.script : '';
    return Number(SCRIPT.exec(script)?.[1] ?? 0);
  }

  /** Waits, unless the machine ends meanwhile. */
  async #work(ms: number, signal: AbortSignal): Promise<void> {
    await Promise.race([this.#deps.life.clock.sleep(ms, signal), this.#lost()]);
  }

  async #lost(): Promise<never> {
    const { running } = this.#deps;
    await running.exited;
    throw new GridError('GUEST_LOST', `the machine of ${running.vmId} ended while a command ran in it`);
  }
}
