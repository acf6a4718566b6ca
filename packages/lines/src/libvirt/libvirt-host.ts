import type { LibvirtConnection } from './connection.ts';
import type { Virsh } from './virsh.ts';

/** The libvirt of one URI: through its native binding, and through `virsh` where that has no call. */
export interface LibvirtHost {
  readonly connection: LibvirtConnection;
  readonly virsh: Virsh;
}
