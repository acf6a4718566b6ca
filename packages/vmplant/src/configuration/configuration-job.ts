/** The task of a configuration, and its machine. */
import type { Action } from '@vmgrid/dag';
import type { Guest, GuestAccess, GuestIdentity, Machine } from '@vmgrid/lines';
import type { HistoryEntry } from '@vmgrid/warehouse';
import type { Phases } from '../vms/phases.ts';
import type { Attributes } from './attributes.ts';
import type { PreparedDisc } from './config-disc-store.ts';

export interface DiscOrder {
  /** The machine's own folder. */
  readonly directory: string;
  /** Left out for a machine that has its identity already. */
  readonly identity?: GuestIdentity;
  /** Whether cloud-init is to take that identity from the disc. */
  readonly cloudInit?: boolean;
  /** Whether to find out which actions survive a boot. */
  readonly observe?: boolean;
  readonly actions: readonly Action[];
}

export interface ConfigurationJob extends DiscOrder {
  readonly machine: Machine;
  readonly guest: Guest;
  readonly phases: Phases;
  /**
   * History of the image that the machine was made from; left out for a machine that has told its attributes before.
   */
  readonly inherited?: readonly HistoryEntry[];
  /** JSON of the VM's classad with what was told so far, for host actions. */
  readonly describe: (told: Attributes) => string;
  /** Called with the way to reach a guest that gets its identity. */
  readonly opened?: (access: GuestAccess) => Promise<void>;
  /** When it was begun before the machine was there. */
  readonly disc?: PreparedDisc;
}
