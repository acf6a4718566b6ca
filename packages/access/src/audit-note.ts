import type { AuditEntry, GridError } from '@vmgrid/protocol';

/** What an endpoint tells; the trail adds when, and at which daemon. */
export type AuditNote = Omit<AuditEntry, 'sequence' | 'at' | 'daemon'>;

export interface AuditSink {
  /** Hands a note over, to be written with all others of the same moment. */
  add(note: AuditNote): void;
  /** Resolves when all that was handed over is written, or with why it waits in memory, such as a full disk. */
  written(): Promise<GridError | undefined>;
}
