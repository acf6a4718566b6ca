import { AgentGuest, type AgentGuestDeps } from './guest/agent-guest.ts';
import type { Guest } from './production-line.ts';

/** Whether the plant has just started a machine, or adopted a running one. */
export type Origin = 'started' | 'adopted';

/** The activity of an adopted machine is not known: a run may hold its report port, and a disc may be in its drive. */
export interface HeldGuest<G extends Guest = AgentGuest> {
  readonly guest: G;
  drive: 'known' | 'unknown';
}

/** `discDevice`: the device under which the guest sees its disc drive. */
export function holdGuest({ agent, report }: AgentGuestDeps, discDevice: string, origin: Origin): HeldGuest {
  const [earlierRun, drive] = origin === 'started' ? (['ended', 'known'] as const) : (['unknown', 'unknown'] as const);
  return { guest: new AgentGuest({ agent, report }, { discDevice, earlierRun }), drive };
}
