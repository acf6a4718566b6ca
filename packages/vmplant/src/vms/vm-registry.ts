/** The VMs of this plant: in memory, and each as `vms/ID/record.json`, which is the truth after a crash. */
import type { RequestBook } from '@vmgrid/bidding';
import { GridError, keyText, type RequestKey } from '@vmgrid/protocol';
import type { VmRecord } from './vm.ts';
import { VmFolders, type VmStore } from './vm-store.ts';

/**
 * Called for each record: for a new one at once (there is none before), for a change when it is on the disk or finds no
 * room there, for a removed one when its folder is gone (there is none now).
 */
export type RecordObserver = (record: VmRecord | undefined, before: VmRecord | undefined) => void;

const NO_BOOK: RequestBook = { add: () => undefined, drop: () => undefined };

export class VmRegistry {
  readonly #store: VmStore;
  readonly #observe: RecordObserver;
  readonly #requests: RequestBook;
  readonly #records = new Map<string, VmRecord>();
  /** VMs by the text of their request's key. */
  readonly #byRequest = new Map<string, Set<string>>();
  /**
   * VMs whose last change could not be written. It is valid all the same, and is written when something else can be.
   */
  readonly #behind = new Set<string>();
  /** The last write to each VM's folder. */
  readonly #writes = new Map<string, Promise<void>>();

  private constructor(store: VmStore, observe: RecordObserver, requests: RequestBook) {
    this.#store = store;
    this.#observe = observe;
    this.#requests = requests;
  }

  /**
   * Reads what an earlier run left, in a folder or elsewhere. `requests` is told of the request of each record, as long
   * as the record exists.
   */
  static async open(
    kept: string | VmStore,
    observe: RecordObserver = () => undefined,
    requests: RequestBook = NO_BOOK,
  ): Promise<VmRegistry> {
    const store = typeof kept === 'string' ? new VmFolders(kept) : kept;
    const registry = new VmRegistry(store, observe, requests);
    for (const record of await store.read()) registry.#take(record);
    return registry;
  }

  /** Returns the VM's own folder. */
  directory(vmId: string): string {
    return this.#store.directory(vmId);
  }

  all(): readonly VmRecord[] {
    return [...this.#records.values()];
  }

  find(vmId: string): VmRecord | undefined {
    return this.#records.get(vmId);
  }

  /** @throws GridError VM_UNKNOWN */
  get(vmId: string): VmRecord {
    const record = this.#records.get(vmId);
    if (!record) throw new GridError('VM_UNKNOWN', `no VM ${vmId} on this plant`, { vmId });
    return record;
  }

  /** Returns the VM of the request; if there are several, the one that was added first. */
  byRequest(key: RequestKey): VmRecord | undefined {
    const [vmId] = this.#byRequest.get(keyText(key)) ?? [];
    return vmId === undefined ? undefined : this.#records.get(vmId);
  }

  /** Makes the VM's folder and its first record. */
  async add(record: VmRecord): Promise<void> {
    await this.#store.makeFolder(record.vmId);
    this.#take(record);
    this.#observe(record, undefined);
    await this.#write(record);
  }

  /** Changes a record, in memory at once; resolves with it when it is on the disk. Writes keep their order. */
  async update(vmId: string, change: (record: VmRecord) => VmRecord): Promise<VmRecord> {
    const before = this.get(vmId);
    const record = change(before);
    this.#records.set(vmId, record);
    try {
      await this.#write(record);
    } finally {
      if (this.#records.has(vmId)) this.#observe(record, before);
    }
    return record;
  }

  /** Removes the VM's folder, then forgets the VM. Idempotent. */
  async remove(vmId: string): Promise<void> {
    await this.#inOrder(vmId, () => this.#store.remove(vmId));
    const before = this.#records.get(vmId);
    this.#drop(vmId);
    this.#observe(undefined, before);
    this.#writes.delete(vmId);
    this.#behind.delete(vmId);
    this.#catchUp();
  }

  #take(record: VmRecord): void {
    this.#records.set(record.vmId, record);
    const key = keyText(record);
    const alike = this.#byRequest.get(key);
    if (alike) alike.add(record.vmId);
    else this.#byRequest.set(key, new Set([record.vmId]));
    this.#requests.add(record.requestId);
  }

  #drop(vmId: string): void {
    const record = this.#records.get(vmId);
    if (!record) return;
    this.#records.delete(vmId);
    const key = keyText(record);
    const alike = this.#byRequest.get(key)!;
    alike.delete(vmId);
    if (alike.size === 0) this.#byRequest.delete(key);
    this.#requests.drop(record.requestId);
  }

  async #write(record: VmRecord): Promise<void> {
    const { vmId } = record;
    try {
      await this.#inOrder(vmId, () => this.#store.write(record));
    } catch (error) {
      if (this.#records.has(vmId)) this.#behind.add(vmId);
      throw error;
    }
    this.#behind.delete(vmId);
    this.#catchUp();
  }

  /** Writes one after another. The first failure ends it, and the next change begins again. */
  #catchUp(): void {
    const record = [...this.#behind].map((vmId) => this.#records.get(vmId)).find((found) => found !== undefined);
    if (record) this.#write(record).catch(() => undefined);
  }

  /** Runs after the present work on the VM's folder. */
  #inOrder(vmId: string, work: () => Promise<void>): Promise<void> {
    const before = this.#writes.get(vmId) ?? Promise.resolve();
    const done = before.catch(() => undefined).then(work);
    this.#writes.set(vmId, done);
    return done;
  }
}
