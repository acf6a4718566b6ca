/** What a plan is chosen among: images with the ways to start them, by the expected time until the machine is ready. */
import type { KnownImage } from '../known-image.ts';
import type { Way } from './ways-to-start.ts';

export interface Option extends Way {
  readonly image: KnownImage;
  readonly startMicros: number;
  /** The start, and all actions that are left. */
  readonly expectedMicros: number;
}

/**
 * Soonest ready first; of equals the newer image, then by its id, restore before boot, then by the line: the same
 * warehouse gives the same plan.
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

/** The first of the options; when they all have one start, the first with the other start takes the last place. */
export function shortlist(ordered: readonly Option[], otherStart: Option | undefined, most: number): readonly Option[] {
  const first = ordered.slice(0, most);
  if (!otherStart || first.some(({ start }) => start === otherStart.start)) return first;
  return [...first.slice(0, most - 1), otherStart];
}
