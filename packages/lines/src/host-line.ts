import { chmod } from 'node:fs/promises';
import { type CommandRunner, killProcessesOf, runCommand } from '@vmgrid/daemon';
import { type MachineGroups, NO_GROUPS } from '@vmgrid/host';
import { GridError } from '@vmgrid/protocol';
import { HOST_ID_RANGE, type HostIdRange, hostUserOf } from './process/host-user.ts';
import type { OverlayOptions } from './process/run-folder.ts';
import type { StartOrder, StepObserver } from './production-line.ts';
import { type FindImages, NO_IMAGES } from './trial-kernel.ts';

const KILL_DEADLINE_MS = 5_000;

export interface HostLineDeps {
  /** Runs programs of the host. */
  readonly run?: CommandRunner;
  readonly reached?: StepObserver;
  readonly groups?: MachineGroups;
}

export interface HostLineOptions {
  /** The plant's folder for the line's findings about the host. */
  readonly stateDirectory: string;
  /** The hypervisor's program. */
  readonly binary?: string;
  /** Users and groups under which machines run when the plant is root. */
  readonly hostIds?: HostIdRange;
  /** Images with a kernel to try KVM with; left out, KVM is not tried. */
  readonly images?: FindImages;
}

/** Dependencies of a line whose machines are processes started by the plant. */
export type HostLine = Required<HostLineDeps & HostLineOptions>;

export const hostLine = (deps: HostLineDeps, options: HostLineOptions, binary: string): HostLine => ({
  ...{ run: runCommand, reached: () => undefined, groups: NO_GROUPS, images: NO_IMAGES },
  ...{ binary, hostIds: HOST_ID_RANGE },
  ...deps,
  ...options,
});

/**
 * Decides the owner of a machine's overlay and makes it. The machine's user can pass through to the folder inside the
 * machine's folder; only the plant's user can list the latter.
 */
export async function admitToFolder(
  { hostIds, run, reached }: HostLine,
  { directory, vmId, image }: StartOrder,
): Promise<OverlayOptions> {
  await chmod(directory, 0o711);
  return { user: hostUserOf(hostIds, { vmId, image }), run, reached };
}

/**
 * Ends everything that was started in a machine's folder by force, and removes its group. @throws GridError VMM_FAILED,
 * CGROUP_FAILED when something does not end
 */
export async function endProcesses(directory: string, vmm: string, groups = NO_GROUPS): Promise<void> {
  await groups.remove(directory);
  const remaining = await killProcessesOf(directory, KILL_DEADLINE_MS);
  if (remaining.length === 0) return;
  const pids = remaining.map(({ pid }) => pid);
  const message = `${vmm} (process ${pids.join(', ')}) did not end within ${KILL_DEADLINE_MS} ms of SIGKILL`;
  throw new GridError('VMM_FAILED', message, { pids });
}
