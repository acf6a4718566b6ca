import { setTimeout as sleep } from 'node:timers/promises';
import { GridError } from '@vmgrid/protocol';
import { says, type Virsh } from './api/virsh.ts';

/**
 * Milliseconds after which the agent is asked again: its event can be lost between a question and the watch for the
 * answer.
 */
const ASK_AGAIN_MS = 3_000;
/** virsh's messages when the agent is not there, not yet or not now. */
const AGENT_AWAY = /Guest agent is not responding|Guest agent not available|agent is not connected/;
const NOT_RUNNING = /domain is not running|failed to get domain/;

export interface LibvirtAgentDeps {
  readonly virsh: Virsh;
}
export interface LibvirtAgentOptions {
  readonly uuid: string;
  /** Aborts when the machine ends. */
  readonly ended: AbortSignal;
}

/** The agent of a guest. libvirt owns the channel and passes commands on, one at a time. */
export class LibvirtAgent {
  readonly #virsh: Virsh;
  readonly #uuid: string;
  readonly #ended: AbortSignal;

  constructor({ virsh }: LibvirtAgentDeps, { uuid, ended }: LibvirtAgentOptions) {
    this.#virsh = virsh;
    this.#uuid = uuid;
    this.#ended = ended;
  }

  /**
   * Waits until the agent answers. Throws GUEST_LOST when the machine ends; otherwise only the signal ends the wait.
   */
  async synchronize(signal: AbortSignal): Promise<void> {
    const until = AbortSignal.any([signal, this.#ended]);
    if (await this.#answers(until)) return;
    const answered = new AbortController();
    const over = AbortSignal.any([until, answered.signal]);
    let wake: () => void = () => undefined;
    const watched = this.#virsh.watchAgent(this.#uuid, () => wake(), over);
    watched.catch(() => undefined);
    try {
      for (;;) {
        const event = Promise.withResolvers<void>();
        wake = event.resolve;
        if (await this.#answers(until)) return;
        await Promise.race([event.promise, sleep(ASK_AGAIN_MS, undefined, { signal: over })]);
      }
    } catch (error) {
      throw until.aborted ? until.reason : error;
    } finally {
      answered.abort();
      await watched.catch(() => undefined);
    }
  }

  /**
   * Runs one command of the agent. Throws GUEST_UNREACHABLE when it stays silent or refuses, GUEST_LOST when the
   * machine ends.
   */
  async execute(command: string, args: Record<string, unknown>, signal: AbortSignal): Promise<unknown> {
    try {
      return await this.#ask({ execute: command, arguments: args }, AbortSignal.any([signal, this.#ended]));
    } catch (error) {
      if (!(error instanceof GridError) || error.code !== 'VMM_FAILED') throw error;
      const message = `the guest's agent did not do ${command}: ${error.message}`;
      throw new GridError('GUEST_UNREACHABLE', message, { command }, { cause: error });
    }
  }

  async #answers(signal: AbortSignal): Promise<boolean> {
    try {
      await this.#ask({ execute: 'guest-ping' }, signal);
      return true;
    } catch (error) {
      if (says(error, AGENT_AWAY)) return false;
      throw error;
    }
  }

  async #ask(command: object, signal: AbortSignal): Promise<unknown> {
    try {
      return await this.#virsh.agent(this.#uuid, command, signal);
    } catch (error) {
      if (says(error, NOT_RUNNING)) throw new GridError('GUEST_LOST', 'the machine ended while its agent was asked');
      throw error;
    }
  }
}
