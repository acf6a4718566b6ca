import type { MachineExit } from '../production-line.ts';

/** Linux prints this last of all, also with `quiet`, when it was told to end. */
const ORDERLY_END = /reboot: (Power down|System halted)/;

/**
 * Returns why a UML ended that nobody asked to end, judging by its last output. Its exit status is not available once
 * the plant that started it is gone. A guest could print anything, but this only decides the words of a report.
 */
export const exitCauseOf = (console: string): MachineExit['cause'] =>
  ORDERLY_END.test(console) ? 'guest-shutdown' : 'crashed';
