/**
 * When a lease ends, kept so that a host whose clock is set while the plant is away takes no VM with it: beside the
 * date there is the host's uptime, which no one sets and which holds for as long as the host runs.
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
  /** Tells this run of the host's kernel from every other. */
  bootId(): string;
}

export const hostClock: HostClock = { now: () => Date.now(), uptimeS: uptime, bootId };

export interface LeaseEnd {
  readonly leaseEndsAt: string;
  readonly leaseMark: LeaseMark;
}

/** The end of a lease that begins now. */
export const leaseFor = (ms: number, clock: HostClock): LeaseEnd => ({
  leaseEndsAt: new Date(clock.now() + ms).toISOString(),
  leaseMark: { bootId: clock.bootId(), endsAtS: clock.uptimeS() + ms / 1_000 },
});

/** Milliseconds that are left of a lease: by the uptime while the host runs, after it was restarted by the date. */
export function leaseLeftMs(lease: Pick<LeaseEnd, 'leaseEndsAt'> & Partial<LeaseEnd>, clock: HostClock): number {
  const { leaseMark, leaseEndsAt } = lease;
  const leftMs =
    leaseMark?.bootId === clock.bootId()
      ? (leaseMark.endsAtS - clock.uptimeS()) * 1_000
      : Date.parse(leaseEndsAt) - clock.now();
  return Math.max(0, leftMs);
}
