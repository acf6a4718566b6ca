/** Keeps what owners have as running sums. A look-up takes constant time. */

export interface Usage {
  readonly vms: number;
  readonly memoryMiB: number;
  readonly diskMiB: number;
}

type Size = Pick<Usage, 'memoryMiB' | 'diskMiB'>;

interface Use {
  vms: number;
  memoryMiB: number;
  diskMiB: number;
  /** VMs by plant. */
  readonly plants: Map<string, number>;
}

const NOTHING: Usage = { vms: 0, memoryMiB: 0, diskMiB: 0 };

export class OwnerUse {
  /** VMs without an owner are under the empty name, which no owner has. */
  readonly #owners = new Map<string, Use>();

  of(owner: string | undefined): Usage {
    const use = this.#owners.get(owner ?? '');
    return use === undefined ? NOTHING : { vms: use.vms, memoryMiB: use.memoryMiB, diskMiB: use.diskMiB };
  }

  /** Whether the owner has anything on this plant. */
  isAt(owner: string | undefined, plantId: string): boolean {
    return this.#owners.get(owner ?? '')?.plants.has(plantId) ?? false;
  }

  add(owner: string | undefined, plantId: string, { memoryMiB, diskMiB }: Size): void {
    const use = this.#owners.get(owner ?? '') ?? { ...NOTHING, plants: new Map<string, number>() };
    this.#owners.set(owner ?? '', use);
    use.vms += 1;
    use.memoryMiB += memoryMiB;
    use.diskMiB += diskMiB;
    use.plants.set(plantId, (use.plants.get(plantId) ?? 0) + 1);
  }

  /** Takes away what was added before. */
  remove(owner: string | undefined, plantId: string, { memoryMiB, diskMiB }: Size): void {
    const use = this.#owners.get(owner ?? '');
    const there = use?.plants.get(plantId);
    if (!use || there === undefined) throw new Error('what is taken away was never added');
    use.vms -= 1;
    use.memoryMiB -= memoryMiB;
    use.diskMiB -= diskMiB;
    if (there > 1) use.plants.set(plantId, there - 1);
    else use.plants.delete(plantId);
    if (use.vms === 0) this.#owners.delete(owner ?? '');
  }
}
