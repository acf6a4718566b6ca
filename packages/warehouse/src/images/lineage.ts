/** Which images stand on which. Pure. */
import type { GoldenImage } from './manifest.ts';

export class Lineage {
  readonly #images: ReadonlyMap<string, GoldenImage>;
  readonly #children = new Map<string, string[]>();

  constructor(images: ReadonlyMap<string, GoldenImage>) {
    this.#images = images;
    for (const [id, { manifest }] of images) {
      for (const below of new Set([manifest.parent, manifest.base])) {
        if (below === undefined || below === id) continue;
        const children = this.#children.get(below);
        if (children) children.push(id);
        else this.#children.set(below, [id]);
      }
    }
  }

  /** Returns the ids of the images that use the disk or boot files of this one. */
  children(id: string): readonly string[] {
    return this.#children.get(id) ?? [];
  }

  /** Returns the images below, the nearest first; missing ones are left out. */
  ancestors(image: GoldenImage): readonly GoldenImage[] {
    const found: GoldenImage[] = [];
    const seen = new Set([image.manifest.id]);
    for (let id = image.manifest.parent; id !== undefined && !seen.has(id); ) {
      seen.add(id);
      const parent = this.#images.get(id);
      if (!parent) break;
      found.push(parent);
      id = parent.manifest.parent;
    }
    return found;
  }
}
