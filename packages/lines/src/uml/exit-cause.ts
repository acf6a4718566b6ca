import type { MachineExit } from '../production-line.ts';

/** What Linux prints as the last of all, also with `quiet`, when it was told to end. */
const ORDERLY_END = /reboot: (Power down|System halted)/;

/**
 * Why a UML ended that nobody asked to, by the last it printed. Its exit status is not to be had once the plant that
 * started it is gone. A guest could print what it likes: this decides what is said of it, nothing else.
 */
export const exitCauseOf = (console: string): MachineExit['cause'] =>
  ORDERLY_END.test(console) ? 'guest-shutdown' : 'crashed';
