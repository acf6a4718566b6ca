/**
 * Records when a lease ends so that a change of the host's clock while the plant is away ends no VM: besides the date
 * it holds the host's uptime, which nobody can set, and which is valid as long as the host runs.
 */
import { uptime } from 'node:os';
import { bootId } from '@vmgrid/daemon';

/** The end of a lease on the clock of one run of the host's kernel. */
export interface LeaseMark {
  readonly bootId: string;
  /** Seconds since that boot. */
  readonly endsAtS: number;
}

export interface HostClock {
  now(): number;
  /** Seconds since the host booted. */
  uptimeS(): number;
  /** Identifies this run of the host's kernel. */
  bootId(): string;
}

export const hostClock: HostClock = { now: () => Date.now(), uptimeS: uptime, bootId };

export interface LeaseEnd {
  readonly leaseEndsAt: string;
  readonly leaseMark: LeaseMark;
}

/** Returns the end of a lease that begins now. */
export const leaseFor = (ms: number, clock: HostClock): LeaseEnd => ({
  leaseEndsAt: new Date(clock.now() + ms).toISOString(),
  leaseMark: { bootId: clock.bootId(), endsAtS: clock.uptimeS() + ms / 1_000 },
});

/**
 * Returns the milliseconds that are left of a lease: by the uptime while the host runs, by the date after it was
 * restarted.
 */
export function leaseLeftMs(lease: Pick<LeaseEnd, 'leaseEndsAt'> & Partial<LeaseEnd>, clock: HostClock): number {
  const { leaseMark, leaseEndsAt } = lease;
  const leftMs =
    leaseMark?.bootId === clock.bootId()
      ? (leaseMark.endsAtS - clock.uptimeS()) * 1_000
      : Date.parse(leaseEndsAt) - clock.now();
  return Math.max(0, leftMs);
}
