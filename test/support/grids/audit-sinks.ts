/** Audit trails that are no files. */
import type { AuditNote, AuditTrail } from '@vmgrid/access';

/** Makes a trail that adds to a list, which the test reads. */
export const auditInto = (noted: AuditNote[]): AuditTrail => ({
  add: (note) => void noted.push(note),
  written: async () => undefined,
  list: async () => ({ entries: [] }),
  close: () => undefined,
});

/** A trail that nobody reads. */
export const UNREAD_AUDIT: AuditTrail = { ...auditInto([]), add: () => undefined };
