/** A plant without machines, and its memory of actions that it never ran. */
import { durationKey } from '@vmgrid/bidding';
import { digestAction } from '@vmgrid/dag';
import { ACTIONS_LEARNT } from '../../../packages/vmplant/src/creation/durations.ts';

let made: Readonly<Record<string, number>> = {};

/**
 * Seconds of the actions that a plant keeps which ran so many; those of a process are one object, so that the plants of
 * a bench fit into memory.
 */
export function learntDurations(actions: number): Readonly<Record<string, number>> {
  const kept = Math.min(actions, ACTIONS_LEARNT.once + ACTIONS_LEARNT.again);
  if (Object.keys(made).length !== kept) {
    made = Object.fromEntries(Array.from({ length: kept }, (_, number) => [keyOf(number), 1 + (number % 60)]));
  }
  return made;
}

const keyOf = (number: number): string =>
  durationKey.action(digestAction({ kind: 'script', id: 'past', script: `job ${number}` }));
