import { AgentGuest, type AgentGuestDeps } from './guest/agent-guest.ts';
import type { Guest } from './production-line.ts';

/** Whether the plant has just started a machine, or adopted a running one. */
export type Origin = 'started' | 'adopted';

/** The activity of an adopted machine is not known: a run may hold its report port, and a disc may be in its drive. */
export interface HeldGuest {
  readonly guest: Guest;
  drive: 'known' | 'unknown';
}

export const driveOf = (origin: Origin): HeldGuest['drive'] => (origin === 'started' ? 'known' : 'unknown');

/** `discDevice`: the device under which the guest sees its disc drive. */
export function holdGuest({ agent, report }: AgentGuestDeps, discDevice: string, origin: Origin): HeldGuest {
  const earlierRun = origin === 'started' ? 'ended' : 'unknown';
  return { guest: new AgentGuest({ agent, report }, { discDevice, earlierRun }), drive: driveOf(origin) };
}
