/** What has changed between two states of a standing offer, and the state after a change. Pure, and each other's inverse. */
import type { PlantSnapshot, StandingChange, StandingOffer } from '@vmgrid/protocol';

/**
 * Undefined when nothing has changed. `whole` when a change cannot say it: the operator's own terms are others, or what was
 * learnt was forgotten; then the offer has to be told as a whole.
 */
export function changeBetween(before: StandingOffer, after: StandingOffer): StandingChange | 'whole' | undefined {
  const { cost, bidValidityMs, leaseMaxMs, durations } = before;
  const isSameTerms = after.cost === cost && after.bidValidityMs === bidValidityMs && after.leaseMaxMs === leaseMaxMs;
  if (!isSameTerms || Object.keys(durations).some((key) => !(key in after.durations))) return 'whole';
  const held = new Set(after.held);
  const heldBefore = new Set(before.held);
  const change: StandingChange = {
    ...present('plant', plantChange(before.plant, after.plant)),
    ...(before.images === after.images ? {} : { images: after.images }),
    ...present('durations', newIn(durations, after.durations)),
    ...(isEqual(before.least, after.least) ? {} : { least: after.least }),
    ...present(
      'held',
      after.held.filter((token) => !heldBefore.has(token)),
    ),
    ...present(
      'dropped',
      before.held.filter((token) => !held.has(token)),
    ),
  };
  return Object.keys(change).length === 0 ? undefined : change;
}

export function withChange(offer: StandingOffer, change: StandingChange): StandingOffer {
  const { plant, images, durations, least, held = [], dropped = [] } = change;
  const gone = new Set(dropped);
  return {
    ...offer,
    plant: plant === undefined ? offer.plant : ({ ...offer.plant, ...plant } as PlantSnapshot),
    images: images ?? offer.images,
    durations: durations === undefined ? offer.durations : { ...offer.durations, ...durations },
    least: least ?? offer.least,
    held: held.length + gone.size === 0 ? offer.held : [...offer.held.filter((token) => !gone.has(token)), ...held],
  };
}

function plantChange(before: PlantSnapshot, after: PlantSnapshot): Partial<PlantSnapshot> {
  const fields = Object.keys(after) as (keyof PlantSnapshot)[];
  return Object.fromEntries(
    fields.filter((field) => !isEqual(before[field], after[field])).map((field) => [field, after[field]]),
  );
}

const newIn = (before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(after).filter(([key, seconds]) => before[key] !== seconds));

/** Nothing when the value is empty. */
const present = <K extends string, V extends object>(key: K, value: V): { [P in K]?: V } =>
  Object.keys(value).length === 0 ? {} : ({ [key]: value } as { [P in K]?: V });

/** Both come from the same code, so their fields are in the same order. */
const isEqual = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);
