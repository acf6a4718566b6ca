import { Lineage } from '../images/lineage.ts';
import type { Inventory } from '../inventory/read-inventory.ts';
import type { ImageFault } from './image-integrity.ts';

/**
 * Images that were found broken in use or in a verification. No machine is started from them, or from an image above
 * them, until they are verified or removed. A process knows the broken images that it met itself; another process finds
 * them in the same way.
 */
export class Quarantine {
  readonly #faults = new Map<string, string>();
  #cut: { readonly of: Inventory; readonly inventory: Inventory } | undefined;

  add({ imageId, file, reason }: ImageFault): void {
    this.#faults.set(imageId, `${file}: ${reason}`);
    this.#cut = undefined;
  }

  release(imageId: string): void {
    this.#faults.delete(imageId);
    this.#cut = undefined;
  }

  /** Returns why an image must not be used; undefined when it may be. */
  reasonFor(inventory: Inventory, imageId: string): string | undefined {
    return this.without(inventory).broken.find(({ id }) => id === imageId)?.reason;
  }

  /**
   * Returns the inventory with these images listed as broken; the same object for the same inventory and quarantine.
   */
  without(inventory: Inventory): Inventory {
    if (this.#faults.size === 0) return inventory;
    if (this.#cut?.of !== inventory) this.#cut = { of: inventory, inventory: this.#cutOut(inventory) };
    return this.#cut.inventory;
  }

  #cutOut(inventory: Inventory): Inventory {
    const reasons = this.#reasons(inventory);
    const images = new Map([...inventory.images].filter(([id]) => !reasons.has(id)));
    const broken = [...reasons].map(([id, reason]) => ({ id, reason }));
    return { ...inventory, images, broken: [...inventory.broken, ...broken] };
  }

  /** Returns the reason for each broken image that is there, and for all images above it. */
  #reasons({ images }: Inventory): ReadonlyMap<string, string> {
    const lineage = new Lineage(images);
    const reasons = new Map([...this.#faults].filter(([id]) => images.has(id)));
    for (const [id] of reasons) {
      // The loop also visits the images that it adds.
      for (const child of lineage.children(id)) {
        if (!reasons.has(child)) reasons.set(child, `it stands on ${id}, which is broken`);
      }
    }
    return reasons;
  }
}
