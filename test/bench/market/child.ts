/** A child process that gets one order and says things back. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { cpuMsOf } from './process-figures.ts';

export class Child {
  readonly process: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(file: string) {
    this.process = fork(join(import.meta.dirname, file), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#ended = once(this.process, 'exit');
  }

  async ask<T>(order?: object | string): Promise<T> {
    const answer = once(this.process, 'message');
    if (order) this.process.send(order);
    const [said] = await Promise.race([answer, this.#ended.then(() => ['it ended'])]);
    if (said === 'it ended') throw new Error(`a process of the bench ended: ${this.process.spawnfile}`);
    return said as T;
  }

  /** Milliseconds of processor time that it has taken. */
  get cpuMs(): number {
    return cpuMsOf(this.process.pid!);
  }

  async end(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.#ended;
  }
}
