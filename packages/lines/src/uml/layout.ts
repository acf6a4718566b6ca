import { join } from 'node:path';

/**
 * What a machine of this line has. In `run`, which belongs to the machine's own user: its disk, the folder of its
 * management console, and the sockets of its network. The pipes lie beside `run`: UML inherits them and opens no name.
 */
export const FILES = {
  /** Copy-on-write over the image's raw disk. */
  cow: 'disk.cow',
  /** A disk of its own: of a build, which becomes an image, and of a machine whose disk is larger than its image's. */
  raw: 'disk.raw',
  /**
   * Links, beside `run`, to the image's disk and to the first root file system: UML takes no path with a blank or
   * comma.
   */
  parent: 'parent.disk',
  initrd: 'initrd',
  log: 'uml.log',
  networkLog: 'network.log',
  console: 'console.log',
} as const;

/** In the order in which UML inherits them, from file descriptor 3 on. */
export const PIPES = ['console.pipe', 'agent-in.pipe', 'agent-out.pipe', 'report.pipe'] as const;
export const [CONSOLE_PIPE, AGENT_IN_PIPE, AGENT_OUT_PIPE, REPORT_PIPE] = PIPES;
export const FIRST_PIPE_DESCRIPTOR = 3;

/** Name of the machine inside its `uml_dir`, which is its `run`. */
export const UML_ID = 'vm';
/** Where slirp4netns waits for the machine's network card, and where for orders. */
export const NETWORK_SOCKET = 'net.sock';
export const NETWORK_ORDERS = 'net-orders.sock';

/** Paths of the pipes, in their order. */
export const pipesOf = (directory: string): string[] => PIPES.map((name) => join(directory, name));
