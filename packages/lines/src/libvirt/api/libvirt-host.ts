import type { LibvirtConnection } from './connection.ts';
import type { Virsh } from './virsh.ts';

/** libvirt at one URI: through its native binding, and through `virsh` where the binding lacks a call. */
export interface LibvirtHost {
  readonly connection: LibvirtConnection;
  readonly virsh: Virsh;
}
