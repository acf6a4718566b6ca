/** A grid that can be hurt: every daemon in it can be told at which step to die, and is started again when it has. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type CreateRequest, GridError, type MachineSpec, type VmReply } from '@vmgrid/protocol';
import { dag, MACHINE, SIMULATED_MACHINE, script } from '@vmgrid/test-support/grids/documents.ts';
import { TestGrid, type TestGridOptions } from '@vmgrid/test-support/grids/test-grid.ts';
import { eventually, type LocatedProcess, processesBelow } from '@vmgrid/test-support/hosts/processes.ts';
import { problemsOf } from './problems.ts';
import { isThere, StepKiller } from './step-killer.ts';

export const ROLES = ['plant', 'shop', 'broker'] as const;
export type Role = (typeof ROLES)[number];

export interface Death {
  readonly name: string;
  /** The step that it was about to take, or had just taken. */
  readonly step: string;
}

const PLANTS = ['plant-1', 'plant-2'];
const NAMES: Readonly<Record<Role, readonly string[]>> = { plant: PLANTS, shop: ['shop'], broker: ['broker-1'] };
const ANSWER_WITHIN_MS = 90_000;
const AGAIN_MS = 100;
const REST_WITHIN_MS = 30_000;

/** Errors that say: not now. The client asks again, under the same id. */
const NOT_YET: ReadonlySet<string> = new Set([
  ...['SHOP_UNREACHABLE', 'PLANT_LOST', 'DRAINING', 'NO_PLANTS', 'NO_BIDS', 'AWARD_REFUSED', 'DEADLINE_EXCEEDED'],
  ...['OVERLOADED', 'CANCELLED'],
]);

export type Answer<T> = { readonly value: T } | { readonly error: GridError };

export class Site {
  readonly grid: TestGrid;
  readonly killer: StepKiller;
  readonly machine: MachineSpec;
  /** VMs that clients were told of and nobody destroyed, with the states they may be in. */
  readonly vms = new Map<string, readonly string[]>();
  /** VMs that nothing is done with: they outlive everything. */
  readonly survivors = new Set<string>();
  #numbers = 0;

  private constructor(grid: TestGrid, killer: StepKiller, machine: MachineSpec) {
    this.grid = grid;
    this.killer = killer;
    this.machine = machine;
  }

  /** Makes a site of simulated machines, unless the options say otherwise. */
  static async open(
    name: string,
    options: TestGridOptions = {},
    machine: MachineSpec = SIMULATED_MACHINE,
  ): Promise<Site> {
    const killer = await StepKiller.open();
    try {
      const grid = await TestGrid.open(name, {
        ...{ line: 'simulated', plants: PLANTS.length, brokers: NAMES.broker },
        // One plant is reached in two ways, the other in one.
        upstreams: { 'plant-1': ['broker-1'], 'plant-2': ['broker-1', 'shop'] },
        shopConfig: { plantReturnMs: 60_000 },
        plantConfig: { simulated: { startMs: 20, bootMs: 60, actionMs: 20 } },
        ...options,
      });
      return new Site(grid, killer, machine);
    } catch (error) {
      await killer.close();
      throw error;
    }
  }

  /**
   * Makes a site of QEMU machines: one is suspended in the warehouse, and VMs that only have to exist are its clones.
   */
  static openOnQemu(name: string): Promise<Site> {
    return Site.open(name, { line: 'qemu' }, MACHINE);
  }

  newId(verb: string): string {
    this.#numbers += 1;
    return `${verb}-${this.#numbers}`;
  }

  /** Asks, under one id, until there is an answer. @throws Error when there is none in time */
  async untilAnswered<T>(ask: () => Promise<T>): Promise<Answer<T>> {
    const endsAt = performance.now() + ANSWER_WITHIN_MS;
    for (;;) {
      try {
        return { value: await ask() };
      } catch (thrown) {
        if (!(thrown instanceof GridError)) throw thrown;
        const { code, message } = thrown;
        if (!NOT_YET.has(code)) return { error: thrown };
        if (performance.now() > endsAt) throw new Error(`there was no answer but ${code}: ${message}`);
      }
      await sleep(AGAIN_MS);
    }
  }

  /** A VM that is there, and stays until somebody destroys it. */
  async newVm(more: Partial<CreateRequest> = {}): Promise<string> {
    const request = { requestId: this.newId('vm'), machine: this.machine, dag: dag([]), ...more };
    const answer = await this.untilAnswered(() => this.grid.client.create(request));
    if ('error' in answer) throw answer.error;
    return this.promised(answer.value);
  }

  /** Adds one running and one suspended VM. */
  async addSurvivors(): Promise<void> {
    const [running, suspended] = [await this.newVm(), await this.newVm()];
    await this.grid.client.suspend(suspended);
    this.vms.set(suspended, ['suspended']);
    for (const vmId of [running, suspended]) this.survivors.add(vmId);
  }

  /** The machine of one of the others was killed: it may have been any. */
  allowFailures(): void {
    for (const [vmId, states] of this.vms) if (!this.survivors.has(vmId)) this.vms.set(vmId, [...states, 'failed']);
  }

  /** Takes away all VMs but the survivors, as well as it goes. */
  async sweep(): Promise<void> {
    for (const vmId of this.vms.keys()) if (!this.survivors.has(vmId)) this.vms.delete(vmId);
    const { vms } = await this.grid.client.list().catch(() => ({ vms: [] }));
    const others = vms.map(({ VmId }) => String(VmId)).filter((vmId) => !this.survivors.has(vmId));
    for (const vmId of others) await this.grid.client.destroy(vmId).catch(() => undefined);
  }

  /** Processes of machines, the newest first. */
  async machines(): Promise<readonly LocatedProcess[]> {
    const below = await processesBelow(this.grid.directory);
    const others = below.filter(({ folder }) => ![...this.survivors].some((vmId) => folder.includes(vmId)));
    return others.toSorted((a, b) => b.pid - a.pid);
  }

  /** Notes that a client was told of a VM. */
  promised({ vm }: VmReply, states: readonly string[] = ['running']): string {
    const vmId = String(vm.VmId);
    this.vms.set(vmId, states);
    return vmId;
  }

  async destroy(vmId: string): Promise<void> {
    this.vms.delete(vmId);
    await this.untilAnswered(() => this.grid.client.destroy(vmId));
  }

  /**
   * Every daemon of the role is to die at this boundary; 0: at none. Resolves with the boundaries since the last order.
   */
  async order(role: Role, boundary: number): Promise<number> {
    const passed = await Promise.all(
      NAMES[role].map((name) => this.killer.order(this.grid.daemon(name).pid, boundary)),
    );
    return Math.max(...passed);
  }

  /** Starts daemons of the role again as they die, until nobody can die any more. Resolves with who did. */
  async revive(role: Role, done: Promise<unknown>): Promise<readonly Death[]> {
    const deaths = await Promise.all(NAMES[role].map((name) => this.#reviveOne(name, done)));
    return deaths.flat();
  }

  async #reviveOne(name: string, done: Promise<unknown>): Promise<readonly Death[]> {
    const { pid, ended } = this.grid.daemon(name);
    await Promise.race([ended, done]);
    if (isThere(pid)) return [];
    await ended;
    await this.grid.start(name);
    return [{ name, step: (await this.killer.stepOf(pid)) ?? 'killed from outside' }];
  }

  /** Returns the faults once everything has had time to come to rest. */
  async problems(): Promise<readonly string[]> {
    let problems: readonly string[] = [];
    const look = async () => {
      problems = await problemsOf({ grid: this.grid, plants: PLANTS, vms: this.vms }).catch((error) => [String(error)]);
      return problems.length === 0;
    };
    await eventually('nothing is wrong', look, REST_WITHIN_MS).catch(() => undefined);
    return problems;
  }

  /** Resolves with what is left, which must be nothing. */
  async close(): Promise<readonly string[]> {
    try {
      return await this.grid.close();
    } finally {
      await this.killer.close();
    }
  }
}

/** An action that takes a moment, unlike all others. */
export const momentary = (id: string) => script(id, `sleep 0.02; echo ${id} > /root/${id}`);
