/** What a plant without machines remembers of requests and actions that it never had. */
import { durationKey, type LearntBook } from '@vmgrid/bidding';
import { digestAction } from '@vmgrid/dag';

/** Ids of requests whose VMs are gone; no two plants have the same. */
export const formerId = (plantId: string, number: number): string => `${plantId}-past-${number}`;

let made: Readonly<Record<string, number>> = {};

/** Seconds of so many actions; those of a process are one object, so that the plants of a bench fit into memory. */
export function learntBefore(actions: number): LearntBook {
  if (Object.keys(made).length !== actions) {
    made = Object.fromEntries(Array.from({ length: actions }, (_, number) => [keyOf(number), 1 + (number % 60)]));
  }
  return { size: actions, all: () => made, takeNews: () => ({}) };
}

const keyOf = (number: number): string =>
  durationKey.action(digestAction({ kind: 'script', id: 'past', script: `job ${number}` }));
