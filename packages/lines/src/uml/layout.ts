import { join } from 'node:path';

/**
 * Files of a machine of this line. `run` belongs to the machine's own user and has its disk, the folder of its
 * management console, and the sockets of its network. The pipes lie beside `run`: UML inherits them and opens no name.
 */
export const FILES = {
  /** Copy-on-write over the image's raw disk. */
  cow: 'disk.cow',
  /** A complete disk: for a build, which becomes an image, and for a machine whose disk is larger than its image's. */
  raw: 'disk.raw',
  /**
   * Links, beside `run`, to the image's disk and to the first root file system, because UML accepts no path with a
   * blank or comma.
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

/** The name of the machine inside its `uml_dir`, which is its `run`. */
export const UML_ID = 'vm';
/** The sockets on which slirp4netns waits for the machine's network card, and for commands. */
export const NETWORK_SOCKET = 'net.sock';
export const NETWORK_ORDERS = 'net-orders.sock';

/** Returns the paths of the pipes, in their order. */
export const pipesOf = (directory: string): string[] => PIPES.map((name) => join(directory, name));
