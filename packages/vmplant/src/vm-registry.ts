/** The VMs of this plant: in memory, and each as `vms/ID/record.json`, which is the truth after a crash. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileIfAny, writeFileAtomically } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { VmRecord } from './vm.ts';

export class VmRegistry {
  readonly #root: string;
  readonly #records = new Map<string, VmRecord>();
  /** Last change of each VM's folder. */
  readonly #writes = new Map<string, Promise<void>>();

  private constructor(root: string) {
    this.#root = root;
  }

  /** Reads what an earlier run left. Folders without a record never came to be a VM and are removed. */
  static async open(root: string): Promise<VmRegistry> {
    await mkdir(root, { recursive: true, mode: 0o711 });
    const registry = new VmRegistry(root);
    for (const entry of await readdir(root, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const vmId = entry.name;
      const text = await readFileIfAny(join(root, vmId, 'record.json'));
      if (text === undefined) await rm(join(root, vmId), { recursive: true, force: true });
      else registry.#records.set(vmId, JSON.parse(text) as VmRecord);
    }
    return registry;
  }

  /** The VM's own folder. */
  directory(vmId: string): string {
    return join(this.#root, vmId);
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

  byRequest(requestId: string): VmRecord | undefined {
    return this.all().find((record) => record.requestId === requestId);
  }

  /** Makes the VM's folder and its first record. */
  async add(record: VmRecord): Promise<void> {
    await mkdir(this.directory(record.vmId), { mode: 0o711 });
    this.#records.set(record.vmId, record);
    await this.#write(record);
  }

  /** Changes a record, at once in memory; resolves with it when it is on the disk. Writes keep their order. */
  async update(vmId: string, change: (record: VmRecord) => VmRecord): Promise<VmRecord> {
    const record = change(this.get(vmId));
    this.#records.set(vmId, record);
    await this.#write(record);
    return record;
  }

  /** Removes the VM's folder, then forgets the VM. Idempotent. */
  async remove(vmId: string): Promise<void> {
    await this.#inOrder(vmId, () => rm(this.directory(vmId), { recursive: true, force: true }));
    this.#records.delete(vmId);
    this.#writes.delete(vmId);
  }

  #write(record: VmRecord): Promise<void> {
    const file = join(this.directory(record.vmId), 'record.json');
    return this.#inOrder(record.vmId, () => writeFileAtomically(file, JSON.stringify(record)));
  }

  /** After whatever is being done to the VM's folder now. */
  #inOrder(vmId: string, work: () => Promise<void>): Promise<void> {
    const before = this.#writes.get(vmId) ?? Promise.resolve();
    const done = before.catch(() => undefined).then(work);
    this.#writes.set(vmId, done);
    return done;
  }
}
