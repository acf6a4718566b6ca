/**
 * A production line: one way of making machines on this host (a hypervisor with its clone and boot commands).
 *
 * The plant decides, the line acts. A line keeps no state of its own: what it must know to find a machine
 * again after the plant was killed is in `MachineState`, plain JSON which the plant stores with the VM.
 * Every method takes an `AbortSignal`; on abort or failure it leaves nothing behind that it made itself.
 */
import type { LineName, LineReport, MachineSpec } from '@vmgrid/protocol';
import type { GoldenImage, ImageMemory, Manifest } from '@vmgrid/warehouse';

/** Everything a line needs to start one machine. Directories exist; the line owns what it creates in `directory`. */
export interface StartOrder {
  readonly vmId: string;
  /** The machine's own folder: overlay, sockets, logs. */
  readonly directory: string;
  readonly machine: MachineSpec;
  readonly image: GoldenImage;
  /**
   * `clone`: memory is a private copy-on-write view of the image. `build`: memory is a file of the
   * machine's own, so that `freeze` can turn it into a new golden image.
   */
  readonly purpose: 'clone' | 'build';
  /**
   * `boot`: from the disk in the folder, be it new or, after `kill`, that of a machine that has ended. `resume`: goes
   * on with what `Machine.suspend` left in the folder. There is no overlay to make then.
   */
  readonly start: 'restore' | 'boot' | 'resume';
  /** A disc that is in the drive as the machine boots; left out, the drive is empty. */
  readonly disc?: string;
  /** The machine's own MAC address; a restored guest sets it before its network opens. */
  readonly macAddress: string;
  /** Whether the guest reaches beyond the host (`outbound`) or only answers on forwarded ports (`isolated`). */
  readonly guestNetwork: 'isolated' | 'outbound';
}

/** What the plant stores to find a machine again; opaque outside its line. */
export type MachineState = Readonly<Record<string, string | number | boolean>>;

/** Told the name of each step of making a machine once it is done; tests let the making fail there. */
export type StepObserver = (step: string) => void;

export interface ProductionLine {
  readonly name: LineName;
  probe(signal: AbortSignal): Promise<LineReport>;
  /** Makes the writable disk over the image's frozen one, grown to `order.machine.diskMiB`. */
  createOverlay(order: StartOrder, signal: AbortSignal): Promise<void>;
  /**
   * Starts the machine, network closed; resolves when its processors run. A machine whose resumption
   * fails stays suspended.
   */
  start(order: StartOrder, signal: AbortSignal): Promise<Machine>;
  /** Finds out what became of a machine while the plant was away, whatever it was doing when the plant was killed. */
  adopt(state: MachineState, signal: AbortSignal): Promise<Adoption>;
  /**
   * Ends by force whatever still runs of the machine of a folder (`StartOrder.directory`), also when nobody knows its
   * state because the plant was killed as it started. Idempotent. @throws GridError VMM_FAILED when something does not
   * end.
   */
  kill(directory: string): Promise<void>;
}

/** What a restarted plant finds of a machine: running, suspended to its folder without a process, or neither. */
export type Adoption =
  | { readonly kind: 'running'; readonly machine: Machine }
  | { readonly kind: 'suspended' }
  | { readonly kind: 'gone' };

/** Why a machine's process ended. */
export interface MachineExit {
  readonly cause: 'requested' | 'guest-shutdown' | 'crashed';
  /** Last lines of the hypervisor's own log. */
  readonly detail: string;
}

export interface Machine {
  readonly state: MachineState;
  /** Resolves (never rejects) once the machine's process is gone. */
  readonly exited: Promise<MachineExit>;
  /** Waits until the guest's agent answers. In an adopted machine the first call takes out a disc that was left in. */
  guest(signal: AbortSignal): Promise<Guest>;
  /** Puts an ISO 9660 image into the disc drive, or takes out what is in it, if anything. */
  insertDisc(path: string | undefined, signal: AbortSignal): Promise<void>;
  /** Opens the guest's network once the guest has its own identity. One that is open stays as it is. */
  openNetwork(signal: AbortSignal): Promise<GuestAccess>;
  /**
   * Freezes a machine made with `purpose: 'build'` and ends it; where the line does not suspend, its guest is shut
   * down. What is left in the machine's folder is what a golden image consists of; the names of the files come back
   * relative to that folder.
   */
  freeze(signal: AbortSignal): Promise<FrozenFiles>;
  /**
   * Keeps the memory of a clone in its folder, for `start: 'resume'`, and ends it. On failure it runs on, its network
   * closed.
   * @throws GridError LINE_CANNOT_SUSPEND where the line has no way to do this
   */
  suspend(signal: AbortSignal): Promise<void>;
  /**
   * Has the listener told when the hypervisor stops the guest because the host's disk is full, and when it runs again,
   * which it does by itself as soon as there is room; at once when it is stopped. Left out where the guest sees a full
   * disk itself.
   */
  watchDisk?(listener: (isFull: boolean) => void): void;
  /** Asks the guest to power off, waits `graceMs`, then ends the process. 0 ends it at once. */
  stop(graceMs: number, signal: AbortSignal): Promise<void>;
  /** Detaches from the machine and lets it run on: the plant is going away. Asked for its guest, it attaches again. */
  detach(): void;
}

/**
 * How a guest is reached while its machine runs. Chosen as its network opens: a port chosen before may be taken by
 * then.
 */
export interface GuestAccess {
  /** TCP port on the host's loopback that leads to the guest's port 22. */
  readonly sshPort: number;
}

/** Files of a frozen machine, relative to its folder. */
export interface FrozenFiles {
  readonly disk: string;
  /** `qcow2`: over the disk of the image that the machine was made from. `raw`: whole. */
  readonly diskFormat: Manifest['diskFormat'];
  readonly memory?: ImageMemory;
}

/** Why a guest started anew: somebody in it asked for that, or its kernel could not go on. */
export type Restart = 'asked' | 'panic';

/** A conversation with the agent inside a guest. */
export interface Guest {
  /** Device under which the guest sees the disc drive, such as `/dev/sr0`. */
  readonly discDevice: string;
  /**
   * Starts a command in the guest and yields what it prints, line by line, until it ends.
   * Throws GUEST_LOST when the machine dies in between, GUEST_RESTARTED when the guest starts anew, and
   * GUEST_UNREACHABLE when the agent does not answer.
   */
  run(command: readonly string[], signal: AbortSignal): AsyncIterable<string>;
  /**
   * Resolves once the guest has started anew since its last run began. Its disc drive may be empty then, and its
   * network closed; `Machine.guest` waits until it is up. @throws GridError GUEST_LOST when its machine ends
   */
  restarted(signal: AbortSignal): Promise<Restart>;
}
