/** The entries of a book of VMs, found by plant and request, by VM, by request, and summed by owner. */
import type { ToldVm } from '@vmgrid/protocol';
import { OwnerUse } from './owner-use.ts';

export interface Entry {
  readonly plantId: string;
  /** `keyText` of the request. */
  readonly key: string;
  readonly vm: ToldVm;
  /** Whether the plant has told of it. */
  readonly told: boolean;
  /** Whether this daemon has awarded the request to the plant, and the award is not over. */
  readonly pinned: boolean;
}

/** Called for each entry that is put, changed or removed (then without the VM). */
export type EntryListener = (plantId: string, key: string, vm: ToldVm | undefined) => void;

export class VmEntries {
  readonly use = new OwnerUse();
  readonly #byPlant = new Map<string, Map<string, Entry>>();
  readonly #byVm = new Map<string, Entry>();
  /** Nearly always one. */
  readonly #byRequest = new Map<string, readonly Entry[]>();
  readonly #listener: EntryListener;

  constructor(listener: EntryListener) {
    this.#listener = listener;
  }

  /** Plants of which there is an entry. */
  plantIds(): Iterable<string> {
    return this.#byPlant.keys();
  }

  has(plantId: string): boolean {
    return this.#byPlant.has(plantId);
  }

  of(plantId: string): readonly Entry[] {
    return [...(this.#byPlant.get(plantId)?.values() ?? [])];
  }

  get(plantId: string, key: string): Entry | undefined {
    return this.#byPlant.get(plantId)?.get(key);
  }

  byVm(vmId: string): Entry | undefined {
    return this.#byVm.get(vmId);
  }

  /** By `keyText` of the request. */
  byRequest(key: string): readonly Entry[] {
    return this.#byRequest.get(key) ?? [];
  }

  /** In place of the one before of the same plant and request. */
  put(entry: Entry): void {
    const { plantId, key, vm } = entry;
    this.#unlink(this.get(plantId, key));
    const ofPlant = this.#byPlant.get(plantId) ?? new Map<string, Entry>();
    this.#byPlant.set(plantId, ofPlant.set(key, entry));
    this.#byRequest.set(key, [...(this.#byRequest.get(key) ?? []), entry]);
    // If two plants claim a VM, the first one keeps it.
    if (vm.vmId !== undefined && !this.#byVm.has(vm.vmId)) this.#byVm.set(vm.vmId, entry);
    this.use.add(vm.owner, plantId, vm);
    this.#listener(plantId, key, vm);
  }

  /** Idempotent. */
  remove(plantId: string, key: string): void {
    const entry = this.get(plantId, key);
    if (!entry) return;
    this.#unlink(entry);
    const ofPlant = this.#byPlant.get(plantId);
    ofPlant?.delete(key);
    if (ofPlant?.size === 0) this.#byPlant.delete(plantId);
    this.#listener(plantId, key, undefined);
  }

  #unlink(entry: Entry | undefined): void {
    if (!entry) return;
    const { plantId, key, vm } = entry;
    if (vm.vmId !== undefined && this.#byVm.get(vm.vmId) === entry) this.#byVm.delete(vm.vmId);
    const others = this.byRequest(key).filter((one) => one !== entry);
    if (others.length > 0) this.#byRequest.set(key, others);
    else this.#byRequest.delete(key);
    this.use.remove(vm.owner, plantId, vm);
  }
}
