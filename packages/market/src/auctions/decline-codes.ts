import { type ErrorCode, GridError } from '@vmgrid/protocol';

/**
 * Codes by which a plant says that it has not taken the request and why: as an answer to a call for bids, and again as
 * the refusal of an award. Only after one of these may another plant be awarded the same request.
 */
export const DECLINE_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'MEMORY_INSUFFICIENT',
  'DISK_INSUFFICIENT',
  'CPUS_INSUFFICIENT',
  'VM_LIMIT',
  'OWNER_VM_LIMIT',
  'OWNER_MEMORY_LIMIT',
  'OWNER_DISK_LIMIT',
  'DAG_TOO_LARGE',
  'LINE_UNAVAILABLE',
  'NO_IMAGE',
  'HOST_ACTION_UNKNOWN',
  'LEASE_TOO_LONG',
  'DRAINING',
  'OVERLOADED',
  // A broker answers with these when all its own plants declined or refused.
  'NO_PLANTS',
  'NO_BIDS',
  'NO_PLANT_MATCHES',
  'AWARD_REFUSED',
]);

/** Tells whether an error means that the plant has not taken the request. Only then may another plant be asked. */
export function isRefusal(error: GridError): boolean {
  if (error.details.keptVmId !== undefined) return false; // it took the request, and holds the failed machine
  return DECLINE_CODES.has(error.code) || wasNeverAsked(error);
}

/** It failed before the award left the caller: see `plantNeverAsked` and `beforeAsking`. */
export const wasNeverAsked = ({ details }: GridError): boolean => details.asked === false;

/** The error for work that came before an award and failed at its plant. */
export const beforeAsking = (error: GridError): GridError =>
  new GridError(error.code, error.message, { ...error.details, asked: false }, { cause: error });

/**
 * The error for an award that was never sent because the plant was gone already. It alone of all lost plants may be
 * replaced: a plant that was lost after it was asked may have made the VM, and the same request must never become two.
 */
export function plantNeverAsked(plantId: string): GridError {
  return new GridError('PLANT_LOST', `the plant ${plantId} left before it was asked`, { plantId, asked: false });
}
