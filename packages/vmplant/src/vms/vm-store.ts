/** Keeps the records of VMs so that they outlive the plant's process: each in the VM's own folder. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, readFileIfAny, writeFileAtomically } from '@vmgrid/daemon';
import type { VmRecord } from './vm.ts';

export interface VmStore {
  /** Returns the VM's own folder. */
  directory(vmId: string): string;
  /** Returns the records that an earlier run left. */
  read(): Promise<readonly VmRecord[]>;
  makeFolder(vmId: string): Promise<void>;
  /** Resolves when a crash cannot lose the record any more. */
  write(record: VmRecord): Promise<void>;
  /** Removes the folder with everything in it. Idempotent. */
  remove(vmId: string): Promise<void>;
}

export class VmFolders implements VmStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  directory(vmId: string): string {
    return join(this.#root, vmId);
  }

  /** Folders without a record never became a VM, and are removed. */
  async read(): Promise<readonly VmRecord[]> {
    makeFolder(this.#root, 0o711);
    const records: VmRecord[] = [];
    for (const entry of await readdir(this.#root, { withFileTypes: true })) {
      if (!entry.isDirectory()) continue;
      const text = await readFileIfAny(this.#recordFile(entry.name));
      if (text === undefined) await this.remove(entry.name);
      else records.push(JSON.parse(text) as VmRecord);
    }
    return records;
  }

  async makeFolder(vmId: string): Promise<void> {
    await mkdir(this.directory(vmId), { mode: 0o711 });
  }

  write(record: VmRecord): Promise<void> {
    return writeFileAtomically(this.#recordFile(record.vmId), JSON.stringify(record));
  }

  remove(vmId: string): Promise<void> {
    return rm(this.directory(vmId), { recursive: true, force: true });
  }

  #recordFile(vmId: string): string {
    return join(this.directory(vmId), 'record.json');
  }
}
