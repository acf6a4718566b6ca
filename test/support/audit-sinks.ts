/** Audit trails that are no files. */
import type { AuditNote, AuditTrail } from '@vmgrid/access';

/** One that adds to a list, which the test looks at. */
export const auditInto = (noted: AuditNote[]): AuditTrail => ({
  add: (note) => void noted.push(note),
  written: async () => undefined,
  list: async () => ({ entries: [] }),
  close: () => undefined,
});

/** One that nobody reads. */
export const UNREAD_AUDIT: AuditTrail = { ...auditInto([]), add: () => undefined };
