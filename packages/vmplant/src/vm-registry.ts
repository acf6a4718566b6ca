/** The VMs of this plant: in memory, and each as `vms/ID/record.json`, which is the truth after a crash. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileIfAny, writeFileAtomically } from '@vmgrid/daemon';
import { GridError } from '@vmgrid/protocol';
import type { VmRecord } from './vm.ts';

export class VmRegistry {
  readonly #root: string;
  readonly #records = new Map<string, VmRecord>();

  private constructor(root: string) {
    this.#root = root;
  }

  /** Reads what an earlier run left. Folders without a record never came to be a VM and are removed. */
  static async open(root: string): Promise<VmRegistry> {
    await mkdir(root, { recursive: true, mode: 0o711 });
    const registry = new VmRegistry(root);
    for (const vmId of await readdir(root)) {
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
    await this.save(record);
  }

  async save(record: VmRecord): Promise<void> {
    await writeFileAtomically(join(this.directory(record.vmId), 'record.json'), JSON.stringify(record));
    this.#records.set(record.vmId, record);
  }

  /** Removes the VM's folder, then forgets the VM. Idempotent. */
  async remove(vmId: string): Promise<void> {
    await rm(this.directory(vmId), { recursive: true, force: true });
    this.#records.delete(vmId);
  }
}
