/** The options of a plan: images with their ways to start, ordered by the expected time until the machine is ready. */
import type { KnownImage } from '../known-image.ts';
import type { Way } from './ways-to-start.ts';

export interface Option extends Way {
  readonly image: KnownImage;
  readonly startMicros: number;
  /** The start and all remaining actions together. */
  readonly expectedMicros: number;
}

/**
 * The fastest first; among equals the newer image, then by its id, restore before boot, then by the line. So the same
 * warehouse always gives the same plan.
 */
export function compareOptions(a: Option, b: Option): number {
  return (
    a.expectedMicros - b.expectedMicros ||
    Date.parse(b.image.manifest.createdAt) - Date.parse(a.image.manifest.createdAt) ||
    compareText(a.image.manifest.id, b.image.manifest.id) ||
    compareText(b.start, a.start) ||
    compareText(a.line, b.line)
  );
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Returns the first options. When all of them have the same start, the first with the other start takes the last place.
 */
export function shortlist(ordered: readonly Option[], otherStart: Option | undefined, most: number): readonly Option[] {
  const first = ordered.slice(0, most);
  if (!otherStart || first.some(({ start }) => start === otherStart.start)) return first;
  return [...first.slice(0, most - 1), otherStart];
}
