/** Estimates the disk space of an image that does not exist yet from those that do. Pure. */

/** The size of one suspended image. */
export interface ImageSize {
  readonly memoryMiB: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  /** Actions that it has and its parent has not. */
  readonly ownActions: number;
}

/** Assumed until there is an image to learn from: memory that is all in use, and some disk for each action. */
const ASSUMED = { bytesPerMiB: 1_048_576, bytesPerAction: 16 * 1_048_576 } as const;

export class SizeModel {
  readonly #bytesPerMiB: number;
  readonly #bytesPerAction: number;

  constructor(sizes: readonly ImageSize[]) {
    this.#bytesPerMiB = ratio(sizes, 'memoryBytes', 'memoryMiB') ?? ASSUMED.bytesPerMiB;
    const acted = sizes.filter(({ ownActions }) => ownActions > 0);
    this.#bytesPerAction = ratio(acted, 'diskBytes', 'ownActions') ?? ASSUMED.bytesPerAction;
  }

  /** Returns at least one byte, so that a saving per byte is defined. */
  bytesOf({ memoryMiB, ownActions }: Pick<ImageSize, 'memoryMiB' | 'ownActions'>): number {
    return Math.max(1, Math.round(memoryMiB * this.#bytesPerMiB + ownActions * this.#bytesPerAction));
  }
}

function ratio(sizes: readonly ImageSize[], above: keyof ImageSize, below: keyof ImageSize): number | undefined {
  const sum = (field: keyof ImageSize) => sizes.reduce((total, size) => total + size[field], 0);
  return sum(below) > 0 ? sum(above) / sum(below) : undefined;
}
