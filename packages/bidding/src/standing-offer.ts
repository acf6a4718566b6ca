/**
 * Computes the change between the terms of two states of a standing offer, and the terms after a change. Pure; each is
 * the inverse of the other.
 */
import { OfferTerms, type PlantSnapshot, type StandingChange } from '@vmgrid/protocol';

type TermsChange = Pick<StandingChange, keyof OfferTerms>;

/** All fields but the plant, which changes field by field. */
const FIELDS = Object.keys(OfferTerms.properties).filter((field) => field !== 'plant') as Exclude<
  keyof OfferTerms,
  'plant'
>[];

export function termsChange(before: OfferTerms, after: OfferTerms): TermsChange {
  const plant = changedFields(Object.keys(after.plant) as (keyof PlantSnapshot)[], before.plant, after.plant);
  return {
    ...(Object.keys(plant).length > 0 && { plant }),
    ...changedFields(FIELDS, before, after),
  };
}

/** Shares unchanged parts with the old terms. */
export function withChange(terms: OfferTerms, change: StandingChange): OfferTerms {
  const changed = { ...terms, ...presentFields(FIELDS, change) };
  return change.plant ? { ...changed, plant: { ...terms.plant, ...change.plant } as PlantSnapshot } : changed;
}

function changedFields<T extends object, K extends keyof T>(
  fields: readonly K[],
  before: T,
  after: T,
): Partial<Pick<T, K>> {
  const changed: Partial<Pick<T, K>> = {};
  for (const field of fields) if (!isEqual(before[field], after[field])) changed[field] = after[field];
  return changed;
}

function presentFields<T extends object, K extends keyof T>(fields: readonly K[], from: T): Partial<Pick<T, K>> {
  const present: Partial<Pick<T, K>> = {};
  for (const field of fields) if (from[field] !== undefined) present[field] = from[field];
  return present;
}

/** The same code makes both, so their fields are in the same order. */
const isEqual = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);
