/**
 * A production line: one way of making machines on this host (a hypervisor with its clone and boot commands).
 *
 * The plant decides, the line acts. A line keeps no state of its own. Everything that it needs to find a machine again
 * after the plant was killed is in `MachineState`, plain JSON that the plant stores with the VM. Every method takes an
 * `AbortSignal`; on abort or failure it leaves nothing behind that it made itself.
 */
import type { LineName, LineReport, MachineSpec } from '@vmgrid/protocol';
import type { GoldenImage, ImageMemory, Manifest } from '@vmgrid/warehouse';
import type { CloneIdentity } from './guest/clone-identity.ts';

/** Everything that a line needs to start one machine. Directories exist; the line owns what it makes in `directory`. */
export interface StartOrder {
  readonly vmId: string;
  /** The machine's own folder, for its overlay, sockets and logs. */
  readonly directory: string;
  readonly machine: MachineSpec;
  readonly image: GoldenImage;
  /**
   * `clone`: the memory is a private copy-on-write view of the image. `build`: the memory is a file of the machine's
   * own, which `freeze` can turn into a golden image.
   */
  readonly purpose: 'clone' | 'build';
  /**
   * `boot`: boots the disk in the folder, whether it is new or, after `kill`, the disk of a machine that has ended.
   * `resume`: continues from what `Machine.suspend` left in the folder; there is no overlay to make then.
   */
  readonly start: 'restore' | 'boot' | 'resume';
  /** The disc that is in the drive when the machine boots; left out, the drive is empty. */
  readonly disc?: string;
  /** The machine's own MAC address; a restored guest sets it before its network is opened. */
  readonly macAddress: string;
  /** Whether the guest reaches hosts beyond this one (`outbound`) or only answers on forwarded ports (`isolated`). */
  readonly guestNetwork: 'isolated' | 'outbound';
}

/** The data that the plant stores to find a machine again; only its line can read it. */
export type MachineState = Readonly<Record<string, string | number | boolean>>;

/** Called with the name of each step of making a machine when it is done; tests make the making fail there. */
export type StepObserver = (step: string) => void;

export interface ProductionLine {
  readonly name: LineName;
  probe(signal: AbortSignal): Promise<LineReport>;
  /** Makes the writable disk over the image's frozen disk, with the size `order.machine.diskMiB`. */
  createOverlay(order: StartOrder, signal: AbortSignal): Promise<void>;
  /**
   * Starts the machine with its network closed; resolves when its processors run. A machine whose resumption fails
   * stays suspended.
   */
  start(order: StartOrder, signal: AbortSignal): Promise<Machine>;
  /** Finds out what became of a machine while the plant was away, whatever it was doing when the plant was killed. */
  adopt(state: MachineState, signal: AbortSignal): Promise<Adoption>;
  /**
   * Ends everything of a folder's machine that still runs by force (`StartOrder.directory`), even when its state is
   * unknown because the plant was killed during the start. Idempotent. @throws GridError VMM_FAILED when something does
   * not end
   */
  kill(directory: string): Promise<void>;
}

/** How a restarted plant finds a machine: it runs, it is suspended to its folder without a process, or neither. */
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
  /** Resolves (never rejects) once the machine's process has ended. */
  readonly exited: Promise<MachineExit>;
  /**
   * Waits until the guest's agent answers. In an adopted machine the first call ejects a disc that was left in the
   * drive.
   */
  guest(signal: AbortSignal): Promise<Guest>;
  /** Puts an ISO 9660 image into the disc drive, or ejects the present one, if any. */
  insertDisc(path: string | undefined, signal: AbortSignal): Promise<void>;
  /** Opens the guest's network once the guest has its own identity. An open network stays as it is. */
  openNetwork(signal: AbortSignal): Promise<GuestAccess>;
  /**
   * Freezes a machine made with `purpose: 'build'` and ends it; if the line cannot suspend, it shuts the guest down.
   * The files of the golden image are left in the machine's folder; the returned names are relative to it.
   */
  freeze(signal: AbortSignal): Promise<FrozenFiles>;
  /**
   * Saves the memory of a clone in its folder, for `start: 'resume'`, and ends the machine. After a failure it runs on
   * with its network closed.
   * @throws GridError LINE_CANNOT_SUSPEND when the line cannot do this
   */
  suspend(signal: AbortSignal): Promise<void>;
  /**
   * Calls the listener when the hypervisor stops the guest because the host's disk is full, and when it runs again,
   * which it does by itself as soon as there is room; at once when it is stopped now. Left out where the guest itself
   * sees that the disk is full.
   */
  watchDisk?(listener: (isFull: boolean) => void): void;
  /** Asks the guest to power off, waits `graceMs`, then ends the process. 0 ends it at once. */
  stop(graceMs: number, signal: AbortSignal): Promise<void>;
  /**
   * Detaches from the machine, which keeps running, because the plant is about to stop. A later call for its guest
   * attaches again.
   */
  detach(): void;
}

/**
 * How a guest is reached while its machine runs. The port is chosen when the network opens: one chosen earlier might be
 * in use by then.
 */
export interface GuestAccess {
  /** TCP port on the host's loopback that is forwarded to the guest's port 22. */
  readonly sshPort: number;
}

/** Files of a frozen machine, relative to its folder. */
export interface FrozenFiles {
  readonly disk: string;
  /** `qcow2`: over the disk of the image that the machine was made from. `raw`: complete. */
  readonly diskFormat: Manifest['diskFormat'];
  readonly memory?: ImageMemory;
}

/** What a guest said when it was given its identity. */
export interface GivenIdentity {
  /** Problems that do not keep the guest from working. */
  readonly warnings: readonly string[];
  /**
   * Resolves once everything of the identity is on the guest's disk. @throws GridError GUEST_LOST, GUEST_UNREACHABLE,
   * GUEST_RESTARTED
   */
  readonly settled: Promise<void>;
}

/** Why a guest started anew: somebody in it asked for that, or its kernel could not go on. */
export type Restart = 'asked' | 'panic';

/** A conversation with the agent inside a guest. */
export interface Guest {
  /** The device under which the guest sees the disc drive, such as `/dev/sr0`. */
  readonly discDevice: string;
  /**
   * Starts a command in the guest and yields its output, line by line, until it ends. Throws GUEST_LOST when the
   * machine ends first, GUEST_RESTARTED when the guest restarts, and GUEST_UNREACHABLE when the agent does not answer.
   */
  run(command: readonly string[], signal: AbortSignal): AsyncIterable<string>;
  /**
   * Resolves once the guest has started anew since its last run began. Its disc drive may be empty then, and its
   * network closed; `Machine.guest` waits until it is up. @throws GridError GUEST_LOST when its machine ends
   */
  restarted(signal: AbortSignal): Promise<Restart>;
  /**
   * Gives the guest its identity and resolves when its network may be opened. Left out where only the runner can do
   * that. `epochMs`: the host's time now, because a restored clone has the clock of its image.
   */
  identify?(identity: CloneIdentity, epochMs: number, signal: AbortSignal): Promise<GivenIdentity>;
  /**
   * Prepares the guest for its clones, after it was made nobody's and right before it is frozen with its memory. Left
   * out where there is nothing to prepare.
   */
  prepare?(signal: AbortSignal): Promise<void>;
}
