import type { AuditEntry, GridError } from '@vmgrid/protocol';

/** An entry as an endpoint reports it. The trail adds the time and the name of the daemon. */
export type AuditNote = Omit<AuditEntry, 'sequence' | 'at' | 'daemon'>;

export interface AuditSink {
  /** Takes a note. It is written together with all others of the same moment. */
  add(note: AuditNote): void;
  /** Resolves when all notes are written, or with the reason why they wait in memory, such as a full disk. */
  written(): Promise<GridError | undefined>;
}
